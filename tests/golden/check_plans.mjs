#!/usr/bin/env node
// Checks every golden vector of plans against the implementation in node/, which was written from
// docs/plan-specification.md. No packages, and nothing of Millrace.
//
//     check_plans.mjs            the vectors beside this file, without those that take minutes
//     check_plans.mjs --full     those too
//     check_plans.mjs FILE...    these files
//
// Exits with 0 when all agree, 1 when one does not, and says so in its last line.
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {isDeepStrictEqual} from 'node:util';

import {labeller} from './node/labels.mjs';
import {epochKey, le64, permutation, selectionKey} from './node/permutation.mjs';
import {parseToken, Plan, planIdOf} from './node/plan.mjs';
import {Snapshot} from './node/posts.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LONG_STRETCH = 1_000_000;  // samples

// JSON's numbers become doubles, so ids of 16 digits and more are made strings first.
const parse = (text) => JSON.parse(text.replace(/(?<=[:[,])-?\d{16,}(?=[,\]}])/g, '"$&"'));

function* checkPermutations(golden) {
  for (const {seed, key} of golden.selection_keys) {
    yield [`selection key of seed ${seed}`, selectionKey(seed).toString('hex'), key];
  }
  for (const {seed, split, epoch, key} of golden.epoch_keys) {
    yield [`epoch key of ${seed}, ${split}, ${epoch}`, epochKey(seed, split, epoch).toString('hex'), key];
  }
  for (const {size, key, indices, elements} of golden.permutations) {
    yield [`permutation of ${size}`, indices.map(permutation(size, Buffer.from(key, 'hex'))), elements];
  }
}

const rowsDigest = (plan, {split, epoch, first_step: first, end_step: end}) => {
  const digest = createHash('sha256');
  for (let step = first; step < end; ++step) {
    for (const row of plan.batch(split, epoch, step).rows) digest.update(le64(row));
  }
  return digest.digest('hex');
};

const pick = (object, keys) => Object.fromEntries(keys.map((key) => [key, object[key]]));

function* checkTags(golden, plan) {
  if (golden.tag_counts !== undefined) {
    const counts = plan.snapshot.tagCounts().map(([id, count]) => [Number(id), count]);
    yield ['numbers of posts by tag', counts, golden.tag_counts];
  }
  const labelsOf = labeller(golden.vocabulary ?? [], (name) => plan.snapshot.aliasClass(name));
  for (const expected of golden.tag_batches ?? []) {
    const {split, epoch, step} = expected;
    const posts = plan.batch(split, epoch, step).rows.map((row) => plan.tags(row));
    const tags = posts.map((found) => found.map(({id}) => Number(id)));
    const found = {split, epoch, step, tags, labels: posts.map(labelsOf)};
    yield [`tags and labels of ${split}, ${epoch}, ${step}`, found, expected];
  }
}

function* checkPlan(golden, full) {
  if (golden.slow && !full) return;
  const plan = new Plan(golden.plan, new Snapshot(golden));
  yield ['plan id', plan.id, golden.plan_id];
  yield ['selection', plan.rows.count, golden.selection_size];
  yield ['splits', plan.splits.map((split, k) => pick(split, Object.keys(golden.splits[k]))), golden.splits];
  if (golden.unassigned_count !== undefined) yield ['unassigned', plan.unassignedCount, golden.unassigned_count];
  for (const expected of golden.batches ?? []) {
    const {split, epoch, step, rank, world_size: worldSize} = expected;
    const where = {split, epoch, step, rank, world_size: worldSize};
    yield [`batch ${JSON.stringify(where)}`, {...where, ...plan.batch(split, epoch, step, rank, worldSize)}, expected];
  }
  for (const {split, epoch, batches} of golden.epochs ?? []) {
    const steps = plan.splits.find(({name}) => name === split).batch_count;
    const found = Array.from({length: steps}, (_, step) => plan.batch(split, epoch, step).rows);
    yield [`epoch ${epoch} of ${split}`, found, batches];
  }
  for (const stretch of golden.stretches ?? []) {
    if (!full && stretch.sample_count > LONG_STRETCH) continue;
    yield [`stretch ${JSON.stringify(stretch)}`, rowsDigest(plan, stretch), stretch.rows_sha256];
  }
  yield* checkTags(golden, plan);
  for (const {split, epoch, step, token} of golden.tokens ?? []) {
    yield [`token of ${split}, ${epoch}, ${step}`, plan.token(split, epoch, step), token];
    yield [`position of ${token}`, parseToken(token), {planId: plan.id, split, epoch, step}];
  }
}

function* checkRefusal(golden) {
  yield ['plan id', planIdOf(golden.plan), golden.plan_id];
  let refused = 'nothing';
  try {
    new Plan(golden.plan, new Snapshot(golden));
  } catch (error) {
    refused = error.message.split(':')[0];
  }
  yield ['refused', refused, golden.refused];
}

const checksOf = (golden, full) =>
    golden.permutations ? checkPermutations(golden) : golden.refused ? checkRefusal(golden) : checkPlan(golden, full);

// How many vectors the file holds that were compared, and how many of them differ.
const checkFile = (path, full) => {
  const golden = parse(readFileSync(path, 'utf8'));
  let compared = 0, failed = 0;
  for (const [what, found, expected] of checksOf(golden, full)) {
    ++compared;
    if (isDeepStrictEqual(found, expected)) continue;
    ++failed;
    console.log(`${basename(path)}: ${what}: computed ${JSON.stringify(found)}, golden ${JSON.stringify(expected)}`);
  }
  console.log(`${basename(path)}: ${compared} vectors, ${failed} differ${compared ? '' : ' (only with --full)'}`);
  return {compared, failed};
};

const given = process.argv.slice(2);
const full = given.includes('--full');
const named = given.filter((argument) => argument !== '--full');
const all = () => ['permutations.json', ...['plans', 'features', 'refusals'].flatMap((folder) =>
    readdirSync(join(HERE, folder)).sort().map((name) => join(folder, name)))].map((name) => join(HERE, name));
const files = named.length > 0 ? named : all();
const results = files.map((path) => checkFile(path, full));
const compared = results.reduce((sum, result) => sum + result.compared, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
const passed = compared > 0 && failed === 0;
console.log(`${passed ? 'PASS' : 'FAIL'}: ${compared} golden vectors in ${files.length} files, ${failed} differ`);
process.exitCode = passed ? 0 : 1;
