/** Names in paths, as texts: nothing is looked up, so that a page can do it too. */

/** The last part: `m.onnx` of `out/m.onnx`, whichever way the slashes lean. */
export const fileName = (path: string): string => path.replace(/[/\\]+$/, '').replace(/^.*[/\\]/s, '');

/** What stands before the last slash; `.` where there is none. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '.' : at === 0 ? '/' : path.slice(0, at);
}

/** `path` from `folder` on, with slashes, `.` and `..` undone. */
export function joined(folder: string, path: string): string {
  const whole = `${folder}/${path}`;
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || !whole.startsWith('/')) parts.push(part);
  }
  return `${whole.startsWith('/') ? '/' : ''}${parts.join('/')}` || '.';
}
