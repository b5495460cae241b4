/** Where a model lies in the folder of a layout, and which folder of a layout a model lies in: as the layouts declare it. */

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Backend } from '../backends/backend.ts';
import type { Layout } from '../backends/layout/layout.ts';
import type { GraphDType } from '../spec/type.ts';
import { clientOf, layouts, openable } from './registry.ts';

/** Name of the model file that the backend writes. */
export const layoutModel = ({ suffixes }: Layout, { extension }: Backend, storage: GraphDType): string =>
  `model${suffixes[storage] ?? ''}${extension}`;

/** What stands before that name, with a slash at its end, or nothing. */
export const modelFolder = ({ modelFolder: folder }: Layout, model: string): string =>
  folder === '' ? '' : `${folder.replace('*', model)}/`;

/** Where the model may lie in a folder that nanoc wrote, what is meant first when there are several; `*` is any name. */
export const modelPlaces = (): readonly string[] => [...new Set(openable().flatMap(placesOf))];

const placesOf = (target: Backend): readonly string[] => [
  `model${target.extension}`,
  ...layouts()
    .filter((layout) => clientOf(layout, target))
    .flatMap((layout) =>
      ['', ...Object.values(layout.suffixes)].map(
        (suffix) => `${modelFolder(layout, '*')}model${suffix}${target.extension}`,
      ),
    ),
];

/** The folder that `-o` named, where the folder of the model is called as this layout calls it. */
export const folderAround = (layout: Layout, model: string): string | undefined =>
  around(layout, model)?.folder;

/** The same with the name of the model. */
function around(
  layout: Layout,
  model: string,
): { readonly folder: string; readonly name: string } | undefined {
  const declared = layout.modelFolder === '' ? [] : layout.modelFolder.split('/');
  const found = resolve(dirname(model)).split(/[/\\]/).slice(-declared.length);
  if (declared.some((name, i) => name !== '*' && name !== found[i])) return undefined;
  return {
    folder: join(dirname(model), ...declared.map(() => '..'), '/'),
    name: found[declared.indexOf('*')] ?? '',
  };
}

/** The layout whose own file lies where it would lie around this model. */
export const layoutAround = (model: string): Layout | undefined =>
  layouts().find((layout) => {
    const found = around(layout, model);
    return found && existsSync(join(found.folder, layout.sign.replace('*', found.name)));
  });
