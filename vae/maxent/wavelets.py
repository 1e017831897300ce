"""Banks of Morlet wavelets as filters in the Fourier domain, one row for each wavelet, to be multiplied with an FFT.

A Morlet wavelet is a Gaussian bump around its centre frequency, less a multiple of the Gaussian around 0 that takes its
mean to 0: Mallat, 2012, Group invariant scattering, section 2.1. Frequencies are in radians a step or a pixel.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import SettingError
from ..text import _

HIGHEST, WIDTH = 0.75 * math.pi, 0.375 * math.pi  # centre and width of the finest wavelet; each octave halves both
SLANT = 0.5  # width of a wavelet across its direction to that along it, in frequencies: a picture's wavelets are long


def series_bank(t: int, octaves: int) -> Float[Tensor, "octaves t"]:
    """One analytic wavelet for each octave, from the finest. Raises: SettingError: the series is too short."""
    _check(t, octaves)
    omega = 2 * math.pi * torch.fft.fftfreq(t, dtype=torch.float64)
    bank = [_morlet(omega, HIGHEST / 2**j, WIDTH / 2**j) for j in range(octaves)]
    return torch.stack(bank).clamp(min=0) * (omega > 0)


def picture_bank(size: tuple[int, int], octaves: int, angles: int) -> Float[Tensor, "wavelets h w"]:
    """`angles` wavelets for each octave, their directions evenly over half a turn; octave by octave from the finest.
    Raises: SettingError: the picture is too small."""
    h, w = size
    _check(min(size), octaves)
    y = 2 * math.pi * torch.fft.fftfreq(h, dtype=torch.float64)[:, None]
    x = 2 * math.pi * torch.fft.fftfreq(w, dtype=torch.float64)
    bank = []
    for j in range(octaves):
        for k in range(angles):
            angle = math.pi * k / angles
            along = x * math.cos(angle) + y * math.sin(angle)
            across = (y * math.cos(angle) - x * math.sin(angle)) / SLANT
            bank.append(_morlet(along, HIGHEST / 2**j, WIDTH / 2**j, across))
    return torch.stack(bank)


def _morlet(omega: Tensor, centre: float, width: float, across: Tensor | float = 0.0) -> Tensor:
    """exp(-((omega - centre)^2 + across^2) / 2 width^2), less the Gaussian at 0 times what makes it 0 there."""
    beside = torch.as_tensor(across, dtype=omega.dtype) ** 2
    bump = torch.exp(-((omega - centre) ** 2 + beside) / (2 * width**2))
    low = torch.exp(-(omega**2 + beside) / (2 * width**2))
    return bump - math.exp(-(centre**2) / (2 * width**2)) * low


def _check(n: int, octaves: int) -> None:
    most = max(int(math.log2(max(n, 1))) - 1, 0)  # the coarsest wavelet turns more than once
    if not 1 <= octaves <= most:
        raise SettingError(
            _("octaves={octaves}: a length of {n} allows 1 to {most}.", octaves=octaves, n=n, most=most),
        )
