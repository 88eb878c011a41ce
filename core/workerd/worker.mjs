// Judges as many events as the call asks for, and answers how many were taken.
import wasm from './core.wasm';

const { judge } = new WebAssembly.Instance(wasm).exports;

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    return new Response(String(judge(Number(searchParams.get('count')), Number(searchParams.get('size')))));
  },
};
