/** Data: readers of real formats, augmentation, loaders, and files of arrays. */
export { type Augmentation, augmentationNamed, augmentations } from "./augmentation.ts";
export { loadCifar10, loadCifar100 } from "./cifar.ts";
export type { DataSet, LoadOptions } from "./data-set.ts";
export { dataSetNamed, dataSets, loadImages } from "./data-sets.ts";
export { type Idx, parseIdx, readIdx } from "./idx.ts";
export { fashionMnistChecksums, loadFashionMnist, loadMnist, mnistChecksums } from "./idx-set.ts";
export { loadImageFolder } from "./image-folder.ts";
export {
  type FloatImageSet,
  firstImages,
  type ImageSet,
  type Images,
  imageSize,
  inMemory,
  type LabelledImages,
  type PictureSet,
  type Split,
  scaled,
  splits,
} from "./image-set.ts";
export { BatchLoader, type BatchOptions } from "./loader.ts";
export { type Normalisation, normalisationNamed, normalisations } from "./normalisation.ts";
export { encodeNpy, parseNpy, type Tensor } from "./npy.ts";
export { encodeNpz, parseNpz, readNpz, writeNpz } from "./npz.ts";
export { loadNpz } from "./npz-set.ts";
export { decodePicture, type Picture } from "./picture.ts";
export { encodeSafetensors, parseSafetensors, readSafetensors, writeSafetensors } from "./safetensors.ts";
export { type Summary, summarize } from "./summary.ts";
export { loadSvhn } from "./svhn.ts";
export { type NumberTable, parseCsv, readTable } from "./table.ts";
export { readTensors, weightsFor, writeTensors } from "./weights.ts";
