/** All passes that every target may use. */

export { cast_weights } from './cast_weights.ts';
export { decompose_composites } from './decompose_composites.ts';
export { drop_dead_nodes } from './drop_dead_nodes.ts';
export { fold_constants } from './fold_constants.ts';
export { fold_rotary_tables } from './fold_rotary_tables.ts';
export { fold_weights, fold_weights_as_stored } from './fold_weights.ts';
export { keep_in_range } from './keep_in_range.ts';
export { last_token_logits } from './last_token_logits.ts';
export { merge_views } from './merge_views.ts';
export { name_composites } from './name_composites.ts';
export { place_cache } from './place_cache.ts';
export { stack_weights } from './stack_weights.ts';
export { state_as_layer } from './state_as_layer.ts';
