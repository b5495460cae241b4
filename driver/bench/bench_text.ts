/** What `nanoc bench` found in words: lines about the models and the machine, and the cells of its table. */

import { bytes } from '../byte_count.ts';
import { type BenchedModel, type BenchReport, type Figure, placeText } from './report.ts';
import { noisyShare, spreadText } from './spread.ts';

export const rateText = (x: number): string => (x < 100 ? x.toFixed(1) : Math.round(x).toLocaleString('en'));

export const timeText = (ms: number): string =>
  ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;

const shareText = (share: number | null): string => (share === null ? '' : `${(100 * share).toFixed(0)} %`);

/** `model.onnx: loaded in 512 ms, 786 MB of memory` */
export const modelLine = ({ path, model, runtime, bytes: size, loadMs, memory }: BenchedModel): string =>
  `${path}: ${model}, ${bytes(size)}, ${runtime}; loaded in ${timeText(loadMs)}` +
  (memory === null ? '' : `, ${bytes(memory)} of memory`);

export const figureTitles = [
  ...['model', 'prompt', 'first token', 'prefill tok/s', 'decode tok/s', 'spread'],
  ...['of bandwidth', 'against the first'],
] as const;

export function figureCells({ path }: BenchedModel, figure: Figure): readonly string[] {
  const { first, prefill, decode, ofBandwidth, againstFirst } = figure;
  return [
    ...[path, placeText(figure), timeText(first.median), rateText(prefill.median), rateText(decode.median)],
    ...[spreadText(decode), shareText(ofBandwidth)],
    againstFirst ? `${againstFirst.median.toFixed(2)} times, ${againstFirst.verdict}` : '',
  ];
}

/** The machine, the rounds, and whether both allow to tell. */
export function closingLines({
  machine,
  bandwidth,
  rounds,
  wanted,
  steps,
  noisy,
}: BenchReport): readonly string[] {
  const memory = bandwidth
    ? `, memory read at ${bytes(bandwidth.median)} a second (${spreadText(bandwidth)})`
    : '';
  const stopped = rounds < wanted ? ` of ${wanted}, interrupted` : '';
  const [worst] = noisy;
  return [
    `${machine.processor}, ${machine.threads} hardware threads${memory}`,
    `medians of ${rounds} round${rounds === 1 ? '' : 's'}${stopped}, ${steps} steps after each prompt`,
    ...(worst ? [noiseText(worst, noisy.length)] : []),
    ...(rounds < 3 ? ['fewer than three rounds say nothing about noise'] : []),
  ];
}

const noiseText = ({ what, share }: BenchReport['noisy'][number], count: number): string =>
  `too noisy to tell: ${what} differs by ${(100 * share).toFixed(0)} % between rounds` +
  `${count > 1 ? `, and ${count - 1} more by above ${(100 * noisyShare).toFixed(0)} %` : ''}; end other work, or take more --rounds`;
