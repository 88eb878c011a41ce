//! Random bytes of the runtime.

use worker::wasm_bindgen;
use worker::wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// Ten random bytes: what a UUIDv7 needs beside its time.
pub(super) fn ten_bytes() -> [u8; 10] {
    let mut bytes = [0; 10];
    get_random_values(&mut bytes);
    bytes
}

/// 128 random bits: the key of a hash.
pub(super) fn sixteen_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    get_random_values(&mut bytes);
    bytes
}

/// 256 random bits: a salt.
pub(super) fn thirty_two_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    get_random_values(&mut bytes);
    bytes
}
