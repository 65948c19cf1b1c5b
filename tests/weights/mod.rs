//! What a network has learnt, out of its file.

/// The tensors of a safetensors file, whose header names the processor, in the order of their names.
pub fn weights(bytes: &[u8]) -> Vec<u8> {
    let tensors = safetensors::SafeTensors::deserialize(bytes).unwrap();
    let mut names = tensors.names();
    names.sort_unstable();
    names.iter().flat_map(|name| tensors.tensor(name).unwrap().data().to_vec()).collect()
}
