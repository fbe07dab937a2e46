"""Chooses the backend of Keras before any test imports it."""

import os

os.environ["KERAS_BACKEND"] = "torch"
