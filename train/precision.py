"""Which arithmetic and which form of attention the hardware is good at."""

from __future__ import annotations

from typing import Literal

import torch
from transformers import PreTrainedModel


def mixed_precision(precision: Literal["auto", "fp32", "bf16", "fp16"]) -> dict[str, bool]:
    """`Trainer`'s switches for a precision; `auto` is bf16 where the hardware has it."""
    if precision == "auto":
        precision = "bf16" if computes_in_bf16() else "fp32"
    return {"bf16": precision == "bf16", "fp16": precision == "fp16"}


def padding_multiple(precision: Literal["auto", "fp32", "bf16", "fp16"]) -> int:
    """What the lengths of a batch's rows are a multiple of.

    In bf16 a CPU compiles its kernels for each shape anew, so there must be few; else it is what the
    widest registers hold.
    """
    return 32 if mixed_precision(precision)["bf16"] and not torch.accelerator.is_available() else 8


def choose_attention(encoder: PreTrainedModel) -> None:
    """Take plain attention to train on a CPU, where the backward pass of the fused one is slow."""
    # Asked first, because an encoder that has no other (MPNet) warns when it is set.
    if not torch.accelerator.is_available() and encoder.config._attn_implementation != "eager":
        encoder.set_attn_implementation("eager")


def computes_in_bf16() -> bool:
    """Whether the hardware has instructions for bf16; a CPU that emulates it is slower than in fp32."""
    if torch.accelerator.is_available():
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()  # older versions cannot tell
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
