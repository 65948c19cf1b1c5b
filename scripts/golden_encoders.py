#!/usr/bin/env python3
"""Makes tests/golden/encoders: small encoders with random weights, one a folder, with what transformers makes of them.

    golden_encoders.py [OUT]

Each folder is as Hugging Face has it, and expected.safetensors beside it has the hidden states of two clips,
states.N [layers + 1, frames, dims], and for each parameter of the encoder gradient.NAME = (dot product with a fixed pattern, norm)
of the gradient of a loss on the last state of the longer clip. The position convolution's weight is then the plain one, its
weight normalisation folded in. whisper.pt is the Whisper model as OpenAI has it. Clips and patterns come from formulas that
src/frontend/encoder/golden.rs has too. Needs torch, transformers, safetensors, numpy; the files in the repository were made
with torch 2.8 and transformers 4.57.
"""
import json
import os
import shutil
import sys

import numpy as np
import torch
import transformers
from safetensors.torch import save_file

CLIPS = [1600, 9000]
OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "../tests/golden/encoders")


def clip(n):
    """A triangle wave in noise."""
    state, x = n, np.empty(n, np.float32)
    for i in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        x[i] = 0.3 * ((state >> 8) / 2**24 - 0.5) + 0.2 * (abs((i % 100) / 50 - 1) - 0.5)
    return x


def pattern(n):
    return torch.tensor([(i * 7 % 11 - 5) / 5 for i in range(n)], dtype=torch.float32)


def randomise(model):
    for name, p in model.named_parameters():
        fan = max(1, p.numel() // p.shape[0]) if p.ndim > 1 else 1
        noise = torch.randn_like(p)
        if p.ndim == 1 or p.shape[0] == 1:  # biases, scales, gates
            p.data = (1.0 if p.data.mean() > 0.5 else 0.0) + 0.2 * noise
        else:
            p.data = noise * (1.5 / fan**0.5)
        p.data = p.data.half().float()  # as the file keeps it


def whisper_input(config, x):
    extractor = transformers.WhisperFeatureExtractor(feature_size=config.num_mel_bins)
    mel = extractor(x, sampling_rate=16000, padding="do_not_pad", truncation=False, return_tensors="pt").input_features
    return mel[:, :, : len(x) // 160]


def hidden(kind, model, config, x, standardise):
    if kind == "whisper":
        mel = whisper_input(config, x)
        model.config.max_source_positions = mel.shape[-1] / 2
        whole, frames = model.embed_positions, (mel.shape[-1] + 1) // 2
        cut = torch.nn.Embedding(frames, config.d_model)
        cut.weight = torch.nn.Parameter(whole.weight.data[:frames])
        model.embed_positions = cut
        states = model(mel, output_hidden_states=True).hidden_states
        model.embed_positions = whole
        return states, cut.weight
    x = x.astype(np.float64)
    if standardise:
        x = (x - x.mean()) / np.sqrt(x.var() + 1e-7)
    return model(torch.tensor(x[None], dtype=torch.float32), output_hidden_states=True).hidden_states, None


def openai(model, config, path):
    pairs = [("embed_positions.weight", "positional_embedding"), ("layers.", "blocks."), ("self_attn_layer_norm", "attn_ln"),
             ("final_layer_norm", "mlp_ln"), ("self_attn.q_proj", "attn.query"), ("self_attn.k_proj", "attn.key"),
             ("self_attn.v_proj", "attn.value"), ("self_attn.out_proj", "attn.out"), ("fc1", "mlp.0"), ("fc2", "mlp.2")]
    state = {}
    for name, p in model.state_dict().items():
        if name.startswith("layer_norm"):
            name = name.replace("layer_norm", "ln_post")
        for theirs, ours in pairs:
            name = name.replace(theirs, ours)
        state["encoder." + name] = p.half()
    dims = dict(n_mels=config.num_mel_bins, n_audio_ctx=config.max_source_positions, n_audio_state=config.d_model,
                n_audio_head=config.encoder_attention_heads, n_audio_layer=config.encoder_layers, n_vocab=8, n_text_ctx=8,
                n_text_state=8, n_text_head=2, n_text_layer=1)
    torch.save({"dims": dims, "model_state_dict": state}, path)


def make(name, kind, config, standardise=None, binary=False):
    torch.manual_seed(len(name))
    folder = os.path.join(OUT, name)
    os.makedirs(folder)
    if kind == "whisper":
        model, prefix = transformers.WhisperModel(config).encoder, "model.encoder."
    else:
        model = getattr(transformers, {"wav2vec2": "Wav2Vec2Model", "hubert": "HubertModel", "wavlm": "WavLMModel"}[kind])(config)
        prefix = kind + "." if binary else ""
    model = model.eval()
    randomise(model)
    weights = {prefix + k: v.half().contiguous() for k, v in model.state_dict().items() if "masked_spec" not in k}
    if binary:  # as older files have it
        weights = {k.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v"): v
                   for k, v in weights.items()}
        torch.save(weights, f"{folder}/pytorch_model.bin")
    else:
        save_file(weights, f"{folder}/model.safetensors")
    keys = json.loads(config.to_json_string(use_diff=True))
    json.dump(keys, open(f"{folder}/config.json", "w"), indent=1, sort_keys=True)
    if standardise is not None:
        json.dump({"do_normalize": standardise}, open(f"{folder}/preprocessor_config.json", "w"))
    if kind == "whisper":
        openai(model, config, os.path.join(OUT, "whisper.pt"))
    expected = {}
    with torch.no_grad():
        for n in CLIPS:
            states, _ = hidden(kind, model, config, clip(n), standardise)
            expected[f"states.{n}"] = torch.stack([s[0] for s in states])
    if kind != "whisper":
        conv = model.encoder.pos_conv_embed.conv
        torch.nn.utils.parametrize.remove_parametrizations(conv, "weight")
    for p in model.parameters():
        p.requires_grad_(True)
    # WavLM's and wav2vec 2.0's feature extractors are run without gradients unless their input asks for one.
    states, positions = hidden(kind, model, config, clip(CLIPS[-1]), standardise)
    last = states[-1].flatten()
    (last * pattern(last.numel())).sum().backward()
    for key, p in list(model.named_parameters()):
        if "masked_spec" in key or "embed_positions" in key:
            continue
        gradient = p.grad.flatten()
        expected["gradient." + key] = torch.stack([gradient @ pattern(gradient.numel()), gradient.norm()])
    save_file({k: v.contiguous() for k, v in expected.items()}, f"{folder}/expected.safetensors")


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    # Everything but the encoder's own sizes is made small too: configurations are kept whole.
    make("whisper", "whisper", transformers.WhisperConfig(
        d_model=16, encoder_layers=2, encoder_attention_heads=2, encoder_ffn_dim=64, num_mel_bins=80, max_source_positions=60,
        decoder_layers=1, decoder_attention_heads=2, decoder_ffn_dim=8, vocab_size=51865, attn_implementation="eager"))
    wave = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, conv_dim=[8] * 7,
                num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, attn_implementation="eager")
    large = dict(feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True)
    relative = dict(num_buckets=32, max_bucket_distance=40)
    make("wav2vec2-base", "wav2vec2", transformers.Wav2Vec2Config(**wave), standardise=True, binary=True)
    make("wav2vec2-large", "wav2vec2", transformers.Wav2Vec2Config(**wave, **large), standardise=True)
    make("hubert-base", "hubert", transformers.HubertConfig(**wave, feat_proj_layer_norm=False), standardise=False)
    make("wavlm-base", "wavlm", transformers.WavLMConfig(**wave, **relative), standardise=False)
    make("wavlm-large", "wavlm", transformers.WavLMConfig(**wave, **large, **relative), standardise=True)
