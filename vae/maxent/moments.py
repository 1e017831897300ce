"""Moments: what is averaged over the positions of a series or a picture. Each kind is made for given samples, by whose
band powers it is normalised, and says the kind's name, how many there are, and their values for a batch.

Kinds for series (n, 1, t): `marginal`, `spectrum`, `modulus`, `scattering`; for grey pictures (n, 1, h, w): `marginal`,
`spectrum`, `scattering`, `filters`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from ..errors import SettingError, ShapeError
from ..text import _
from .wavelets import picture_bank, series_bank

Averages = Callable[[Tensor, int], Tensor]  # (x (b, *shape), blocks) -> (b, blocks, m)
OCTAVES, ANGLES = {1: 8, 2: 4}, 4  # the most octaves, by the number of axes
BLOCKS = {1: 16, 2: 16}  # into which a sample is cut to see how far its averages vary
LEAST = {1: 32, 2: 8}  # steps, and pixels on each side: two steps, or two by two pixels, in every block
FILTERS, SIZE, SCALES = 24, 5, 4  # random filters, their width in pixels, and the number of scales they are applied at


@dataclass(frozen=True)
class Moments:
    """kinds: name -> number of moments, in the order of their values."""

    kinds: dict[str, int]
    _parts: tuple[Averages, ...]

    def __call__(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b m"]:
        """The averages over all positions."""
        return torch.cat([part(x, 1)[:, 0] for part in self._parts], 1)

    def errors(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, " m"]:
        """Standard errors of the averages over one sample: from the spread of its parts, BLOCKS of them, and where
        there are several samples, of theirs. Positions further apart than a block count as independent."""
        blocks = BLOCKS[x.ndim - 2]
        inside = torch.cat([part(x, blocks) for part in self._parts], 2)
        return inside.std(1).square().mean(0).div(blocks).sqrt()

    def by_kind(self, values: Float[Tensor, "... m"]) -> dict[str, Tensor]:
        """The values of each kind."""
        return dict(zip(self.kinds, values.split(list(self.kinds.values()), -1), strict=True))


def moments(kinds: Sequence[str], x: Float[Tensor, "n 1 ..."]) -> Moments:
    """These kinds for samples x, float64. Raises: SettingError: an unknown kind, or none; ShapeError: not one channel;
    or no variance, so that nothing can be normalised."""
    if x.ndim not in (3, 4) or x.shape[1] != 1 or not len(x):
        raise ShapeError(
            _("expected series (n, 1, t) or grey pictures (n, 1, h, w), got {given}.", given=tuple(x.shape))
        )
    if min(x.shape[2:]) < LEAST[x.ndim - 2]:
        raise ShapeError(
            _(
                "a sample is {shape}, too small for moments: each side takes at least {least}.",
                shape="×".join(map(str, x.shape[2:])),
                least=LEAST[x.ndim - 2],
            )
        )
    known = KINDS[x.ndim - 2]
    unknown = [kind for kind in kinds if kind not in known]
    if unknown or not kinds:
        raise SettingError(
            _("moments {given}: expected some of {known}.", given=", ".join(unknown) or "-", known=", ".join(known))
        )
    if not torch.isfinite(x).all() or float(x.std()) == 0:
        raise ShapeError(_("the samples are constant, or not finite: they have no moments to keep."))
    parts = tuple(known[kind](x) for kind in kinds)
    sizes = [part(x[:1], 1).shape[2] for part in parts]
    return Moments(dict(zip(kinds, sizes, strict=True)), parts)


# ---------------------------------------------------------------- kinds


def _marginal(x: Tensor) -> Averages:
    """Mean, variance, and of the standardised values the skewness and the tails."""
    mean, std = x.mean(), x.std()

    def averages(x: Tensor, blocks: int) -> Tensor:
        v = (x[:, 0] - mean) / std
        return _pooled(torch.stack([v, v.square(), v**3, v**4], 1), blocks)

    return averages


def _spectrum(x: Tensor) -> Averages:
    """The mean power in each band, in that of the samples."""
    bank = _bank(x)
    power = _power(x, bank)

    def averages(x: Tensor, blocks: int) -> Tensor:
        return _pooled(_filtered(x[:, 0], bank).abs().square(), blocks) / power

    return averages


def _modulus(x: Tensor) -> Averages:
    """The mean amplitude in each band: small for its power where a band is intermittent."""
    bank = _bank(x)
    amplitude = _power(x, bank).sqrt()

    def averages(x: Tensor, blocks: int) -> Tensor:
        return _pooled(_amplitude(_filtered(x[:, 0], bank)), blocks) / amplitude

    return averages


def _scattering(x: Tensor) -> Averages:
    """Wavelet scattering spectra: mean amplitudes, products of each band with the amplitudes of finer bands seen in it,
    and of two such amplitudes. Morel, Rochette, Leonarduzzi, Bouchaud and Mallat, 2023, Scale dependencies and
    self-similar models with wavelet scattering spectra, section 3."""
    bank = _bank(x)
    k, across = len(bank), x.ndim - 2
    octave = torch.arange(k) // (1 if across == 1 else ANGLES)
    fine, coarse = torch.nonzero(octave[:, None] < octave[None], as_tuple=True)
    if not len(fine):  # so small that there is one octave, and nothing to compare it with
        return _modulus(x)
    one, other = torch.nonzero(torch.triu(coarse[:, None] == coarse[None]), as_tuple=True)
    if across == 2:  # products of two amplitudes of pictures would be thousands: those with themselves are kept
        one = other = torch.arange(len(fine))
    power = _power(x, bank)
    between = (power[fine] * power[coarse]).sqrt()

    def averages(x: Tensor, blocks: int) -> Tensor:
        bands = _filtered(x[:, 0], bank)
        amplitude = _amplitude(bands)
        amplitude_bands = _filtered_each(amplitude[:, fine], bank[coarse])
        with_band = bands[:, coarse] * amplitude_bands.conj()
        scale = (power[fine[one]] * power[fine[other]]).sqrt()
        with_each_other = amplitude_bands[:, one] * amplitude_bands[:, other].conj()
        differ = one != other
        return torch.cat(
            [
                _pooled(amplitude, blocks) / power.sqrt(),
                _pooled(with_band.real, blocks) / between,
                _pooled(with_band.imag, blocks) / between,
                _pooled(with_each_other.real, blocks) / scale,
                _pooled(with_each_other.imag[:, differ], blocks) / scale[differ],
            ],
            2,
        )

    return averages


def _filters(x: Tensor) -> Averages:
    """Means and products of the responses of random filters, rectified, at several scales. Ustyuzhaninov et al., 2017,
    What does it take to generate natural textures?"""
    generator = torch.Generator().manual_seed(0)
    h, w = x.shape[2:]
    scales = range(min(SCALES, max(1, (min(h, w) // SIZE).bit_length())))
    bank = [torch.randn(FILTERS, 1, SIZE, SIZE, generator=generator, dtype=torch.float64) / SIZE for _ in scales]
    bank = [filters - filters.mean((2, 3), keepdim=True) for filters in bank]
    mean, std = x.mean(), x.std()
    upper = torch.triu_indices(FILTERS, FILTERS)

    def averages(x: Tensor, blocks: int) -> Tensor:
        level, out = (x - mean) / std, []
        for filters in bank:
            around = functional.pad(level, [SIZE // 2] * 4, mode="circular")
            response = functional.conv2d(around, filters.to(x)).relu()
            cut = _cut(response, blocks)
            products = torch.einsum("bipn,bjpn->bpij", cut, cut) / cut.shape[-1]
            out += [cut.mean(-1).transpose(1, 2), products[..., upper[0], upper[1]]]
            level = functional.avg_pool2d(level, 2, ceil_mode=True)
        return torch.cat(out, 2)

    return averages


KINDS: dict[int, dict[str, Callable[[Tensor], Averages]]] = {  # by the number of axes
    1: {"marginal": _marginal, "spectrum": _spectrum, "modulus": _modulus, "scattering": _scattering},
    2: {"marginal": _marginal, "spectrum": _spectrum, "scattering": _scattering, "filters": _filters},
}


# ---------------------------------------------------------------- parts


def _bank(x: Tensor) -> Tensor:
    sizes = x.shape[2:]
    octaves = min(OCTAVES[len(sizes)], max(int(min(sizes)).bit_length() - 3, 1))
    bank = series_bank(sizes[0], octaves) if len(sizes) == 1 else picture_bank((sizes[0], sizes[1]), octaves, ANGLES)
    return bank.to(x)


def _filtered(x: Float[Tensor, "b ..."], bank: Float[Tensor, "k ..."]) -> Tensor:
    """Circular convolution with each wavelet, (b, k, ...), complex."""
    return _filtered_each(x[:, None], bank)


def _filtered_each(x: Tensor, bank: Tensor) -> Tensor:
    """The i-th wavelet applied to the i-th channel, or all of them to the only one; less its mean, which no wavelet
    sees."""
    axes = tuple(range(2, x.ndim))
    return torch.fft.ifftn(torch.fft.fftn(x, dim=axes) * bank, dim=axes)


def _amplitude(bands: Tensor) -> Tensor:
    """|bands|, with a gradient at 0."""
    return (bands.real.square() + bands.imag.square() + 1e-24).sqrt()


def _power(x: Tensor, bank: Tensor) -> Float[Tensor, " k"]:
    """The mean power of all samples in each band; a band that is empty counts as one part in a million of the whole."""
    power = torch.stack([_filtered(one[None, 0], bank).abs().square().flatten(2).mean(2)[0] for one in x]).mean(0)
    return power.clamp(min=1e-6 * float(power.max()))


def _pooled(values: Float[Tensor, "b k ..."], blocks: int) -> Float[Tensor, "b blocks k"]:
    """Averages over the positions of each block."""
    return _cut(values, blocks).mean(-1).transpose(1, 2)


def _cut(values: Float[Tensor, "b k ..."], blocks: int) -> Float[Tensor, "b k blocks n"]:
    """Positions by block: stretches of a series, squares of a picture. What is left over at the end is left out, unless
    there is only one block."""
    if blocks == 1:
        return values.flatten(2)[:, :, None]
    if values.ndim == 3:
        n = values.shape[2] // blocks
        return values[:, :, : n * blocks].unflatten(2, (blocks, n))
    side = round(blocks**0.5)
    h, w = (max(size // side, 1) for size in values.shape[2:])
    squares = values.unfold(2, h, h).unfold(3, w, w)[:, :, :side, :side]
    return squares.flatten(4).flatten(2, 3)
