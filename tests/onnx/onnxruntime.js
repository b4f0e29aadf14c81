// node onnxruntime.js MODULES CASES: runs the models that tests/onnx/runtime wrote into CASES with
// onnxruntime, which npm installed into MODULES, and compares. Exits 77 where it is not there.
'use strict';
const fs = require('fs');
const path = require('path');

const [modules, folder] = process.argv.slice(2);
let ort;
try {
  ort = require(path.join(modules, 'node_modules', 'onnxruntime-node'));
} catch (error) {
  console.log(`skipped: onnxruntime-node is not in ${modules}; run make onnxruntime (${error.code || error.message})`);
  process.exit(77);
}

const kinds = {
  f32: ['float32', Float32Array, 4],
  f64: ['float64', Float64Array, 8],
  i64: ['int64', BigInt64Array, 8],
  bool: ['bool', Uint8Array, 1],
};

// The tensors of a list, from bytes that lie one behind another.
function take(list, bytes, at) {
  return list.map(({dtype, shape}) => {
    const [name, type, size] = kinds[dtype];
    const count = shape.reduce((a, b) => a * b, 1);
    const data = new type(bytes.buffer.slice(bytes.byteOffset + at.place, bytes.byteOffset + at.place + count * size));
    at.place += count * size;
    return {name, data, shape};
  });
}

function distance(expected, found) {
  if (found.type !== expected.name) return `the type is ${found.type}, not ${expected.name}`;
  if (found.dims.join() !== expected.shape.join()) return `the shape is [${found.dims}], not [${expected.shape}]`;
  let most = 0;
  for (let i = 0; i < expected.data.length; ++i) {
    const a = Number(expected.data[i]), b = Number(found.data[i]);
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const d = Math.abs(a - b) / Math.max(1, Math.abs(a));
    most = Number.isNaN(d) ? Infinity : Math.max(most, d);
  }
  return most;
}

async function run(one) {
  const bytes = fs.readFileSync(path.join(folder, one.file + '.bin'));
  const at = {place: 0};
  const inputs = take(one.inputs, bytes, at), outputs = take(one.outputs, bytes, at);
  let session;
  try {
    // Its fusions compute in float32 here and there.
    const graphOptimizationLevel = one.dtype === 'f64' ? 'disabled' : 'all';
    session = await ort.InferenceSession.create(path.join(folder, one.file + '.onnx'), {logSeverityLevel: 4, graphOptimizationLevel});
  } catch (error) {
    // A kernel for float64 that onnxruntime does not have says nothing about the model.
    if (/NOT_IMPLEMENTED|Could not find an implementation/.test(error.message)) {
      const node = /implementation for (\w+)/.exec(error.message);
      return {none: node ? node[1] : '?'};
    }
    return {wrong: error.message};
  }
  try {
    const feeds = {};
    inputs.forEach((x, k) => feeds[session.inputNames[k]] = new ort.Tensor(x.name, x.data, x.shape));
    const made = await session.run(feeds);
    let most = 0;
    for (let k = 0; k < outputs.length; ++k) {
      const d = distance(outputs[k], made[session.outputNames[k]]);
      if (typeof d === 'string') return {wrong: d};
      most = Math.max(most, d);
    }
    return most <= one.tolerance ? {most} : {wrong: `differs by ${most}`};
  } catch (error) {
    const without = /(\w+) operator does not support double yet/.exec(error.message);
    return without ? {none: without[1]} : {wrong: error.message};
  }
}

async function main() {
  let wrong = 0, all = 0;
  for (const group of ['rows', 'layers', 'sequences', 'models']) {
    const file = path.join(folder, group + '.json');
    if (!fs.existsSync(file)) continue;
    for (const dtype of ['f32', 'f64']) {
      const missing = {};
      let count = 0, same = 0, most = 0;
      for (const one of JSON.parse(fs.readFileSync(file)).filter(c => c.dtype === dtype)) {
        ++count;
        const result = await run(one);
        if (result.none) missing[result.none] = (missing[result.none] || 0) + 1;
        if (result.wrong) ++wrong, console.log(`wrong: ${group} ${one.name} ${dtype} (${one.file}): ${result.wrong}`);
        if (result.most !== undefined) ++same, most = Math.max(most, result.most);
      }
      all += same;
      const without = Object.values(missing).reduce((a, b) => a + b, 0);
      console.log(`${group} ${dtype}: ${count} models, ${same} the same to ${most.toExponential(1)}, ${without} without a kernel in onnxruntime` +
                  (without ? ` (${Object.entries(missing).map(([k, n]) => `${k} ${n}`).join(', ')})` : ''));
    }
  }
  if (all === 0) console.log('there are no cases; run test_onnx_runtime before'), ++wrong;
  process.exit(wrong ? 1 : 0);
}
main();
