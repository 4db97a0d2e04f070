// The recorded cost program of graph/recording.py, run in the page: typed arrays, no objects while a slider moves.

// JSON that packed.py compressed.
export async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// Straight-line arithmetic. Each operation reads what earlier ones made.
export class Program {
  constructor({ kinds, first, second }) {
    this.kinds = Uint8Array.from(kinds, (letter) => letter.charCodeAt(0));
    this.constants = Float64Array.from(first);
    this.first = Int32Array.from(first, (back, slot) => (kinds[slot] === "i" ? back : slot - back));
    this.second = Int32Array.from(second, (back, slot) => slot - back);
    this.values = new Float64Array(kinds.length);
  }

  // The values of all operations, in an array that the next run writes again.
  run(inputs) {
    const { kinds, first, second, values, constants } = this;
    for (let slot = 0; slot < kinds.length; slot += 1) {
      const a = first[slot];
      const b = second[slot];
      switch (kinds[slot]) {
        case 43: values[slot] = values[a] + values[b]; break; // +
        case 42: values[slot] = values[a] * values[b]; break; // *
        case 45: values[slot] = values[a] - values[b]; break; // -
        case 109: values[slot] = values[a] > values[b] ? values[a] : values[b]; break; // m: the larger
        case 105: values[slot] = inputs[a]; break; // i
        case 99: values[slot] = constants[slot]; break; // c
        case 108: values[slot] = bitLength(values[a] - 1); break; // l: ceil(log2)
        case 100: values[slot] = Math.floor(values[a] / values[b]); break; // d: whole division
        case 47: values[slot] = values[a] / values[b]; break; // /
        default: throw new Error(`unknown operation ${String.fromCharCode(kinds[slot])} in the cost program`);
      }
    }
    return values;
  }
}

function bitLength(n) {
  return n < 2 ** 32 ? 32 - Math.clz32(n) : 32 + bitLength(Math.floor(n / 2 ** 32));
}
