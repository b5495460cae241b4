// Loads a model with onnxruntime-node and says how long it took, and the largest memory of the process: node load.mjs MODEL

import { readFileSync } from 'node:fs';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
const ort = (await import('onnxruntime-node')).default;
const start = performance.now();
const session = await ort.InferenceSession.create(process.argv[2], { logSeverityLevel: 4 });
const seconds = (performance.now() - start) / 1000;
const [, peak] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
process.stdout.write(`${JSON.stringify({ seconds, peak: Number(peak) / 1024 })}\n`);
await session.release();
