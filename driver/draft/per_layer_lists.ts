/** Lists of a config with an entry for each layer: their names in the spec, and their keys. */

export const perLayerLists = {
  kinds: 'layer_types',
  turns: 'no_rope_layers',
  windowed: 'sliding_window_indices',
  near: 'rope_indices',
} as const;
export type PerLayerList = keyof typeof perLayerLists;
