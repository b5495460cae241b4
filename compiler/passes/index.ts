/** All passes that every target may use. */

export { decompose_composites } from './decompose_composites.ts';
export { drop_dead_nodes } from './drop_dead_nodes.ts';
export { fold_rotary_tables } from './fold_rotary_tables.ts';
export { place_cache } from './place_cache.ts';
