"""The pictures of the catalogue, drawn as SVG from what the catalogue says, each in three sizes.

A small picture is not a large one made smaller: the thumbnail leaves out what could not be seen, the medium one adds
the words on the label, and the large one the landscape, the light on the glass and a poured wine.
Every drawing is 200 units wide, a bottle's 250 high, a merchant's badge 200.
"""

from dataclasses import dataclass

from django.utils.html import escape

SIZES = {"thumb": 96, "medium": 400, "large": 960}


@dataclass(frozen=True)
class Glass:
    """The colours of a bottle: the glass, its shaded side, the light on it, and the wine when it is poured."""

    body: str
    shade: str
    light: str
    wine: str


GLASSES = {
    "red": Glass("#2f3b2c", "#1f2a1f", "#6d7d62", "#6b1630"),
    "white": Glass("#a9b77a", "#8b9a5c", "#e4ecc4", "#e9dc8f"),
    "rose": Glass("#f0b3a2", "#dc9482", "#fde3da", "#f2a08c"),
    "orange": Glass("#d98f42", "#b8722c", "#f7cf9a", "#dd8a36"),
    "sparkling": Glass("#3d5a47", "#2a4434", "#86a892", "#f0e1a0"),
    "sweet": Glass("#e0b64a", "#c1942c", "#faebb5", "#e3ad33"),
}


@dataclass(frozen=True)
class Outline:
    """Half of a bottle's profile: where the neck ends, the shoulder begins and how wide both are."""

    top: int
    neck: float
    neck_end: int
    bend: tuple[int, int]
    shoulder: int
    body: float
    label: tuple[int, int]

    @property
    def path(self) -> str:
        left, right = 100 - self.body, 100 + self.body
        first, second = self.bend
        return (
            f"M{100 - self.neck} {self.top}H{100 + self.neck}V{self.neck_end}"
            f"C{100 + self.neck} {first} {right} {second} {right} {self.shoulder}"
            f"V227Q{right} 233 {right - 6} 233H{left + 6}Q{left} 233 {left} 227"
            f"V{self.shoulder}C{left} {second} {100 - self.neck} {first} {100 - self.neck} {self.neck_end}Z"
        )


OUTLINES = {
    "bordeaux": Outline(22, 9, 72, (88, 88), 106, 29, (122, 206)),
    "burgundy": Outline(22, 9.5, 62, (96, 104), 132, 33, (138, 208)),
    "hock": Outline(14, 8.5, 58, (100, 110), 146, 27, (146, 216)),
    "sparkling": Outline(26, 10.5, 64, (98, 104), 134, 34, (140, 208)),
    "half": Outline(74, 8, 108, (122, 122), 138, 24, (150, 212)),
}


@dataclass(frozen=True)
class Palette:
    """A merchant's colours: the paper behind the bottle, the ground below it, the label, its ink and its accent."""

    paper: str
    ground: str
    label: str
    ink: str
    accent: str


PALETTES = {
    "hill": Palette("#efe3d3", "#dcc7a8", "#fbf4e6", "#4a3426", "#b5402a"),
    "magpies": Palette("#e3e6ea", "#c6ccd4", "#f7f7f4", "#22262e", "#c9972c"),
    "tramway": Palette("#e2e9dc", "#c3d1b8", "#f6f5ea", "#2d4031", "#7d8f3c"),
    "lighthouse": Palette("#dbe7ec", "#b4cdd8", "#f5f8f8", "#1f3d52", "#c8523a"),
}


def hill(colours: Palette, bold: bool) -> str:
    rows = "" if bold else f'<path d="M4 33Q20 25 36 33M2 37Q20 29 38 37" stroke="{colours.label}" fill="none"/>'
    return (
        f'<path d="M1 39V31Q11 18 20 24Q28 12 39 27V39Z" fill="{colours.ink}"/>{rows}'
        f'<circle cx="13" cy="10" r="5.5" fill="{colours.accent}"/>'
        f'<path d="M13 5Q15 1 20 2Q18 6 13 5" fill="{colours.ink}"/>'
    )


def magpies(colours: Palette, bold: bool) -> str:
    bird = (
        f'<path d="M0 9Q1 2 7 2Q9 -1 12 1L15 2L12 4Q12 11 5 12L-3 18L-1 12Z" fill="{colours.ink}"/>'
        f'<path d="M4 5Q9 4 9 8Q7 10 3 9Z" fill="{colours.label}"/>'
    )
    eye = "" if bold else f'<circle cx="10.6" cy="2.4" r=".7" fill="{colours.accent}"/>'
    return (
        f'<g transform="translate(5 14)">{bird}{eye}</g>'
        f'<g transform="translate(37 11) scale(-1 1)">{bird}{eye}</g>'
        f'<path d="M0 30Q20 24 40 27" stroke="{colours.accent}" stroke-width="1.4" fill="none"/>'
    )


def tramway(colours: Palette, bold: bool) -> str:
    sleepers = "".join(
        f'<path d="M{20 - width} {y}H{20 + width}" stroke="{colours.ink}" stroke-width="1.6"/>'
        for y, width in ([(24, 4), (32, 9)] if bold else [(21, 3), (24, 5), (28, 8), (33, 11), (38, 14)])
    )
    return (
        f'<path d="M9 19A11 11 0 0 1 31 19Z" fill="{colours.accent}"/>'
        f'<path d="M0 19H40" stroke="{colours.ink}" stroke-width="1.4"/>{sleepers}'
        f'<path d="M18.5 19L6 40M21.5 19L34 40" stroke="{colours.ink}" stroke-width="1.6" fill="none"/>'
    )


def lighthouse(colours: Palette, bold: bool) -> str:
    waves = "M0 35Q5 31 10 35T20 35T30 35T40 35" + ("" if bold else "M0 39Q5 35 10 39T20 39T30 39T40 39")
    return (
        f'<path d="M16 32L17.5 12H22.5L24 32Z" fill="{colours.label}" stroke="{colours.ink}" stroke-width="1.2"/>'
        f'<path d="M16.9 22H23.1L23.6 27H16.4Z" fill="{colours.accent}"/>'
        f'<path d="M17 12V7H23V12ZM16 7L20 3L24 7Z" fill="{colours.ink}"/>'
        f'<path d="M24 9L40 4V14Z" fill="{colours.accent}" opacity=".55"/>'
        f'<path d="{waves}" stroke="{colours.ink}" stroke-width="1.5" fill="none"/>'
    )


MOTIFS = {"hill": hill, "magpies": magpies, "tramway": tramway, "lighthouse": lighthouse}


def draw_wine(wine, size: str) -> str:
    """Return the drawing of a ``Wine`` in one of ``SIZES`` as an SVG document."""
    colours, glass, outline = PALETTES[wine.merchant.motif], GLASSES[wine.style], OUTLINES[wine.bottle]
    parts = [f'<path d="M0 0H200V250H0Z" fill="{colours.paper}"/>']
    if size == "large":
        parts.append(_landscape(colours))
    parts.append(f'<path d="M0 214Q100 202 200 214V250H0Z" fill="{colours.ground}"/>')
    if size != "thumb":
        parts.append(f'<ellipse cx="106" cy="232" rx="{outline.body + 12}" ry="6" fill="{colours.ink}" opacity=".16"/>')
    if size == "large":
        parts.append(_poured(glass))
    parts += [_bottle(outline, glass, size), _closure(wine, outline, colours), _label(wine, outline, colours, size)]
    return _document(size, 250, parts)


def draw_merchant(merchant, size: str) -> str:
    """Return the badge of a ``Merchant`` in one of ``SIZES`` as an SVG document."""
    colours = PALETTES[merchant.motif]
    motif = MOTIFS[merchant.motif](colours, size == "thumb")
    parts = [f'<circle cx="100" cy="100" r="98" fill="{colours.paper}"/>']
    if size != "thumb":
        parts.append(f'<circle cx="100" cy="100" r="92" fill="none" stroke="{colours.ink}" stroke-width="1.5"/>')
    parts.append(f'<g transform="translate(48 46) scale(2.6)">{motif}</g>')
    return _document(size, 200, parts)


def describe_wine(wine) -> str:
    """Say what the drawing of a ``Wine`` shows, for those who do not see it."""
    return f"{wine.get_bottle_display()}; on the label {wine.merchant.get_motif_display().lower()}."


def _document(size: str, height: int, parts: list[str]) -> str:
    width = SIZES[size]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width * height // 200}" '
        f'viewBox="0 0 200 {height}">{"".join(parts)}</svg>\n'
    )


def _landscape(colours: Palette) -> str:
    far = "M0 186Q40 156 84 176T160 166T200 178V230H0Z"
    near = "M0 206Q52 178 104 198T200 190V230H0Z"
    rows = "".join(f"M{34 + 5 * i} 193Q{20 + 9 * i} 204 {6 + 15 * i} 214" for i in range(6))
    return (
        f'<circle cx="154" cy="58" r="24" fill="{colours.label}" opacity=".85"/>'
        f'<path d="{far}" fill="{colours.ground}" opacity=".5"/>'
        f'<path d="{near}" fill="{colours.ground}" opacity=".85"/>'
        f'<path d="{rows}" stroke="{colours.ink}" stroke-width="1.6" stroke-dasharray="1.6 1.4" opacity=".28" '
        'fill="none"/>'
    )


def _poured(glass: Glass) -> str:
    return (
        '<g transform="translate(158 160)">'
        '<ellipse cx="1" cy="69" rx="19" ry="4" fill="#000" opacity=".12"/>'
        '<path d="M-15 0Q-17 30 0 34Q17 30 15 0Z" fill="#fff" opacity=".45"/>'
        f'<path d="M-15.5 14Q-15 31 0 33.5Q15 31 15.5 14Z" fill="{glass.wine}" opacity=".92"/>'
        f'<ellipse cy="14" rx="15.5" ry="2.6" fill="{glass.wine}"/>'
        '<ellipse cy="14" rx="15.5" ry="2.6" fill="#fff" opacity=".3"/>'
        '<path d="M0 34V64M-13 67Q0 60 13 67Z" stroke="#fff" stroke-width="2" fill="#fff" opacity=".75"/>'
        '<ellipse rx="15" ry="2.4" fill="none" stroke="#fff" opacity=".8"/>'
        '<path d="M-11 5Q-12 18 -7 26" stroke="#fff" stroke-width="1.6" fill="none" opacity=".7"/></g>'
    )


def _bottle(outline: Outline, glass: Glass, size: str) -> str:
    parts = [f'<path d="{outline.path}" fill="{glass.body}"/>']
    if size != "thumb":
        side = 100 + outline.body
        parts.append(
            f'<path d="M{100 + outline.neck - 3} {outline.neck_end}C{100 + outline.neck - 3} {outline.bend[0]} '
            f"{side - 9} {outline.bend[1]} {side - 9} {outline.shoulder}V233H{side - 6}Q{side} 233 {side} 227"
            f"V{outline.shoulder}C{side} {outline.bend[1]} {100 + outline.neck} {outline.bend[0]} "
            f'{100 + outline.neck} {outline.neck_end}Z" fill="{glass.shade}"/>'
        )
    if size == "large":
        left = 100 - outline.body
        parts.append(
            f'<path d="M{left + 5} {outline.shoulder + 4}V222" stroke="{glass.light}" stroke-width="3" '
            f'stroke-linecap="round" opacity=".55"/><path d="M{100 - outline.neck + 4} {outline.top + 28}'
            f'V{outline.neck_end}" stroke="{glass.light}" stroke-width="2" stroke-linecap="round" opacity=".6"/>'
        )
    return "".join(parts)


def _closure(wine, outline: Outline, colours: Palette) -> str:
    neck, top = outline.neck, outline.top
    if wine.bottle == "sparkling":
        foil = f"M{99 - neck} {top}H{101 + neck}V{top + 44}L100 {top + 54}L{99 - neck} {top + 44}Z"
        cork = f"M{100 - neck - 2} {top + 3}V{top - 8}Q100 {top - 16} {102 + neck} {top - 8}V{top + 3}Z"
        return (
            f'<path d="{foil}" fill="{colours.accent}"/><path d="{cork}" fill="{colours.ink}"/>'
            f'<path d="M{100 - neck - 2} {top + 3}H{102 + neck}" stroke="{colours.label}" stroke-width="1.5"/>'
        )
    return (
        f'<path d="M{99 - neck} {top - 2}H{101 + neck}V{top + 26}H{99 - neck}Z" fill="{colours.ink}"/>'
        f'<path d="M{99 - neck} {top + 19}H{101 + neck}V{top + 22}H{99 - neck}Z" fill="{colours.accent}"/>'
    )


def _label(wine, outline: Outline, colours: Palette, size: str) -> str:
    half = outline.body - (1 if size == "thumb" else 2)
    top, bottom = outline.label
    motif = MOTIFS[wine.merchant.motif](colours, size == "thumb")
    paper = f'<path d="M{100 - half} {top}H{100 + half}V{bottom}H{100 - half}Z" fill="{colours.label}"/>'
    if size == "thumb":
        scale = half / 25
        return f'{paper}<g transform="translate({100 - 20 * scale:g} {top + 8}) scale({scale:g})">{motif}</g>'
    name = _two_lines(wine.name)
    words = bottom - 17 - 7 * len(name)
    scale = min((words - top - 12) / 40, half / 26)
    parts = [
        paper,
        f'<g transform="translate({100 - 20 * scale:g} {top + 6}) scale({scale:g})">{motif}</g>',
        _words(wine.merchant.name.upper(), words, 4.2, half, colours.ink),
        *(_words(line, words + 8 + 7 * i, 7.2, half, colours.ink) for i, line in enumerate(name)),
        _words(str(wine.vintage or "NV"), bottom - 5.5, 5, half, colours.accent),
    ]
    if size == "large":
        frame = f"M{102.5 - half} {top + 2.5}H{97.5 + half}V{bottom - 2.5}H{102.5 - half}Z"
        parts.append(f'<path d="{frame}" fill="none" stroke="{colours.ink}" stroke-width=".5" opacity=".6"/>')
        parts.append(f'<path d="M94 {words + 1.8:g}H106" stroke="{colours.accent}" stroke-width=".5"/>')
    return "".join(parts)


def _two_lines(name: str) -> list[str]:
    if len(name) <= 14 or " " not in name:
        return [name]
    spaces = [i for i, letter in enumerate(name) if letter == " "]
    middle = min(spaces, key=lambda i: abs(2 * i - len(name)))
    return [name[:middle], name[middle + 1 :]]


def _words(text: str, y: float, size: float, half: float, colour: str) -> str:
    # A letter is about 0.56 of its size wide: a long word is set smaller rather than beyond the label.
    size = min(size, (2 * half - 8) / (0.56 * len(text)))
    return (
        f'<text x="100" y="{y:g}" font-family="Palatino, Georgia, serif" font-size="{size:.2f}" '
        f'text-anchor="middle" fill="{colour}">{escape(text)}</text>'
    )
