import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { deviceTensors } from '../../../runtime/sessions/device_tensors.ts';
import { Refusal } from '../../../spec/diagnostic.ts';

/** As much of a runtime's tensor as is looked at; the device is in a browser, where the session itself is tested. */
function onDevice(location: string): { readonly t: OrtTensor; readonly freed: () => number } {
  let freed = 0;
  const t = { location, type: 'float32', dims: [1, 2, 3], dispose: () => void freed++ };
  return { t: t as unknown as OrtTensor, freed: () => freed };
}

test('a tensor of the device has a stand-in with its shape and without its numbers', () => {
  const kept = deviceTensors();
  assert.is(kept.standIn(onDevice('cpu').t), undefined);
  const { t } = onDevice('gpu-buffer');
  const standIn = kept.standIn(t)!;
  assert.equal([standIn.dtype, standIn.shape], ['float32', [1, 2, 3]]);
  assert.is(kept.behind(standIn), t);
  assert.is(kept.behind({ dtype: 'float32', shape: [1], data: new Float32Array(1) }), undefined);
  assert.throws(
    () => standIn.data,
    (e: unknown) => e instanceof Refusal && e.diagnostics[0]!.code === 'N705',
  );
});

test('each is freed once, by the call that took it or at the end', () => {
  const kept = deviceTensors();
  const [taken, left] = [onDevice('gpu-buffer'), onDevice('gpu-buffer')];
  kept.standIn(taken.t);
  kept.standIn(left.t);
  kept.free(taken.t);
  assert.equal([taken.freed(), left.freed()], [1, 0]);
  kept.freeAll();
  kept.free(left.t);
  assert.equal([taken.freed(), left.freed()], [1, 1]);
});

test.run();
