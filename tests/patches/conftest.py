"""Tests of patches use one thread of torch: models this small gain nothing from two, and tests run side by side."""

import torch

torch.set_num_threads(1)
