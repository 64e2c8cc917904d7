"""`python -m deltas.child.weights FILE…`: a line for every model.pt, the hash of the tensors in it."""

import hashlib
import sys

from . import lifetime


def hash_of(file: str) -> str:
    """Return a hash over names, types, shapes and bytes of the tensors in a model.pt, whatever their order."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(torch.load(file, weights_only=True).items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    lifetime.begin()
    for argument in sys.argv[1:]:
        print(hash_of(argument))
