/* What mock.js draws and which stored states it trusts. */
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const test = require("node:test");

const mock = require(path.join(__dirname, "../../book/assets/interview/mock.js"));
const MINUTES = { screen: 2, standard: 5, deep: 12 };
const TOPICS = ["a", "b", "c", "d"];
const bank = TOPICS.flatMap((topic) =>
  Object.keys(MINUTES).flatMap((level) =>
    [1, 2].map((number) => ({ id: `${topic}-${level}-${number}`, topic, level })),
  ),
);
const byId = new Map(bank.map((question) => [question.id, question]));
const minutesOf = (set) => set.reduce((sum, { level }) => sum + MINUTES[level], 0);

/** Random numbers that are the same in every run. */
function seeded(seed) {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

for (const level of [...Object.keys(MINUTES), "all"]) for (const minutes of [10, 30, 60]) {
  test(`${level}, ${minutes} minutes`, () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const set = mock.draw(bank, level, minutes, seeded(seed));
      const rest = bank.filter((question) => level === "all" || question.level === level);
      assert.equal(new Set(set).size, set.length);
      assert.ok(set.every((question) => rest.includes(question)));
      assert.ok(minutesOf(set) <= minutes || set.length === 1);
      const left = minutes - minutesOf(set);
      const unused = rest.filter((question) => !set.includes(question));
      assert.ok(unused.every((question) => MINUTES[question.level] > left));
    }
  });
}

test("one question of each topic comes before a second", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const set = mock.draw(bank, "standard", 30, seeded(seed));
    const counts = TOPICS.map((topic) => set.filter((item) => item.topic === topic).length);
    assert.equal(set.length, 6);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts));
  }
});

test("draws differ, and every question can be drawn", () => {
  const drawn = new Set();
  for (let seed = 1; seed <= 200; seed += 1) {
    for (const { id } of mock.draw(bank, "all", 30, seeded(seed * 7919))) drawn.add(id);
  }
  assert.equal(drawn.size, bank.length);
});

test("a clock face", () => {
  assert.deepEqual([0, 0.2, 59.1, 600, 3599].map(mock.clockFace), [
    "0:00", "0:01", "1:00", "10:00", "59:59",
  ]);
});

const sound = { version: 1, ids: ["a-deep-1", "b-screen-1"], position: 2, left: 1.5 };
sound.ratings = { "a-deep-1": 3, "b-screen-1": 0 };

test("a sound state is trusted", () => assert.ok(mock.isSound(sound, byId)));

const garbage = {
  nothing: null,
  text: "x",
  "another version": { ...sound, version: 2 },
  "no questions": { ...sound, ids: [] },
  "an unknown question": { ...sound, ids: ["zzz"] },
  "ids that are no list": { ...sound, ids: "a" },
  "a position behind the end": { ...sound, position: 3 },
  "half a position": { ...sound, position: 0.5 },
  "no time": { ...sound, left: undefined },
  "negative time": { ...sound, left: -1 },
  "no ratings": { ...sound, ratings: undefined },
  "ratings that are no mapping": { ...sound, ratings: "" },
  "too many points": { ...sound, ratings: { "b-screen-1": 3 } },
  "points for an unknown question": { ...sound, ratings: { zzz: 1 } },
};
for (const [name, state] of Object.entries(garbage)) {
  test(`not trusted: ${name}`, () => assert.equal(mock.isSound(state, byId), false));
}
