/** A process with a Vulkan driver of its own: the prompt of a fixture and two steps after it, on WebGPU; logits as JSON. */

import { logitsOf } from '../../../runtime/verify/verify_run.ts';
import { fixture, goldenOf, open } from '../../golden/compile_fixture.ts';
import { lastOnly } from './webgpu_rows.ts';

const name = process.argv[2] ?? '';
const session = await open(fixture(name), process.argv[3], { logits: 'last' }, 'webgpu');
const logits = await logitsOf(session, lastOnly(goldenOf(name), 2));
process.stdout.write(JSON.stringify({ label: session.label, shape: logits.shape, data: [...logits.data] }));
await session.close();
