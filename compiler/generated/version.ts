/** The version that `nanoc --version` and the metadata of models state. Written by `npm run generate`. */
export const version = '0.1.0';
