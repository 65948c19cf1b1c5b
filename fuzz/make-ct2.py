"""make-ct2.py: the small Whisper of tests/golden/encoders as CTranslate2 keeps it, into encoder-ct2/model.bin."""

import os
import struct

import numpy as np
from safetensors import safe_open

NAMES = {"embed_positions.weight": "position_encodings/encodings", "layer_norm.weight": "layer_norm/gamma", "layer_norm.bias": "layer_norm/beta"}
file = safe_open("../../tests/golden/encoders/whisper/model.safetensors", "np")
arrays = {}
for name in sorted(file.keys()):
    at = name.removeprefix("model.encoder.")
    value = file.get_tensor(name)
    if not at.startswith("layers."):
        arrays["encoder/" + NAMES.get(at, at.replace(".", "/"))] = value
        continue
    _, layer, rest = at.split(".", 2)
    place = f"encoder/layer_{layer}/"
    for theirs, ours in [("self_attn_layer_norm.weight", "self_attention/layer_norm/gamma"), ("self_attn_layer_norm.bias", "self_attention/layer_norm/beta"),
                         ("final_layer_norm.weight", "ffn/layer_norm/gamma"), ("final_layer_norm.bias", "ffn/layer_norm/beta"),
                         ("self_attn.out_proj", "self_attention/linear_1"), ("fc1", "ffn/linear_0"), ("fc2", "ffn/linear_1")]:
        if rest.startswith(theirs):
            arrays[place + ours + rest[len(theirs):].replace(".", "/")] = value
for layer in range(2):
    get = lambda part: file.get_tensor(f"model.encoder.layers.{layer}.self_attn.{part}")
    arrays[f"encoder/layer_{layer}/self_attention/linear_0/weight"] = np.concatenate([get("q_proj.weight"), get("k_proj.weight"), get("v_proj.weight")])
    arrays[f"encoder/layer_{layer}/self_attention/linear_0/bias"] = np.concatenate([get("q_proj.bias"), np.zeros(16, np.float16), get("v_proj.bias")])
arrays["encoder/num_heads"] = np.array(2, np.int8)


def text(words):
    return struct.pack("<H", len(words) + 1) + words.encode() + b"\0"


kinds = {np.dtype(np.float16): 4, np.dtype(np.int8): 1}
out = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(arrays))
for name, value in arrays.items():
    data = np.ascontiguousarray(value).tobytes()
    out += text(name) + struct.pack("<B", value.ndim) + b"".join(struct.pack("<I", n) for n in value.shape)
    out += struct.pack("<BI", kinds[value.dtype], len(data)) + data
out += struct.pack("<I", 1) + text("encoder/alias") + text("encoder/num_heads")
os.makedirs("encoder-ct2", exist_ok=True)
open("encoder-ct2/model.bin", "wb").write(out)
