import { posix, win32 } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fileName, folderOf, joined } from '../../../compiler/bytes/paths.ts';

const parts = ['a', 'b.onnx', '..', '.', '', 'c d'];
const paths = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => [a, b, c].join('/'))));

test('names and folders are those of POSIX', () => {
  for (const path of paths.filter((p) => !/\/$/.test(p) && p !== '')) {
    assert.is(fileName(path), posix.basename(path), path);
    assert.is(joined(folderOf(path), 'x'), posix.join(posix.dirname(path), 'x'), path);
  }
  assert.is(fileName('a/b/'), 'b');
});

test('joined paths are those of POSIX', () => {
  for (const folder of ['.', '..', 'a', '/', '/a/b', 'a/../..'])
    for (const path of paths) {
      const theirs = posix.join(folder, path);
      assert.is(
        joined(folder, path),
        theirs.length > 1 ? theirs.replace(/\/$/, '') : theirs,
        `${folder} ${path}`,
      );
    }
});

test('a path of Windows has a name too', () => {
  for (const path of ['C:\\models\\m.onnx', 'a\\b', 'a\\b\\'])
    assert.is(fileName(path), win32.basename(path));
});

test.run();
