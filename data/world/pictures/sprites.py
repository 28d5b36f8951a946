"""Drawings of what the generated world speaks of: nouns of 8 x 8 pixels, doings of 4 x 8, in letters.

A letter is a colour of `COLOURS`, "X" the colour that is said of the thing, or the one that stands in `PLAIN`
where none is said; "." lets see what is behind.
"""

import functools

import numpy as np
from jaxtyping import Bool, UInt8

COLOURS = {
    "r": (214, 40, 40),
    "u": (44, 84, 208),
    "g": (44, 150, 64),
    "w": (252, 252, 252),
    "k": (24, 24, 28),
    "y": (246, 208, 30),
    "o": (134, 84, 44),
    "s": (240, 190, 150),
    "e": (132, 136, 144),
    "p": (206, 96, 176),
}
SAID = {"red": "r", "blue": "u", "green": "g", "white": "w", "black": "k", "yellow": "y"}
PLAIN = "e"  # the colour of what no colour is said of

PEOPLE = {
    "baker": "..wwww.. .wwwwww. ..ssss.. ..skks.. .wwwwww. wwwwwwww ..wwww.. ..k..k..",
    "woman": "..oooo.. .oossoo. .osssso. .oossoo. ..pppp.. .pppppp. pppppppp ..s..s..",
    "teacher": "..eeee.. ..ssss.. ..kssk.. ..ssss.. .gggggg. g.gggg.g ..kkkk.. ..k..k..",
    "girl": ".y....y. .yyyyyy. ..ssss.. ..ssss.. ...rr... ..rrrr.. .rrrrrr. ..s..s..",
    "man": "........ ..oooo.. ..ssss.. ..oooo.. .uuuuuu. u.uuuu.u ..oooo.. ..o..o..",
    "king": ".y.yy.y. .yyyyyy. ..ssss.. ..oooo.. .rrrrrr. rrryyrrr rrryyrrr rrrrrrrr",
}
ANIMALS = {
    "dog": "........ XX...... XXX....X kXXXXXXX ..XXXXX. ..XXXXX. ..X...X. ..X...X.",
    "cat": "X..X.... XXXX...X XgXg...X XXXX..X. .XXXXXX. .XXXXXX. .X.X.X.X .X.X.X.X",
    "horse": ".XX..... XXXX.... XX.XX... ...XXXXX ...XXXXX ...X...X ...X...X ...k...k",
    "bird": "........ ..XX.... yXkX..XX .XXXXXX. ..XXXXX. ...XXX.. ....y... ...yy...",
}
VEHICLES = {
    "car": "........ ..XXXX.. .XwwXwX. .XwwXwwX XXXXXXXX XXXXXXXX .kk..kk. .kk..kk.",
    "bicycle": "........ .XX..... ..X..XXX ..XXXX.. .kkX.kk. k..kk..k k..kk..k .kk..kk.",
    "boat": "...o.... ...oww.. ...owww. ...owwww ...o.... XXXXXXXX .XXXXXX. ..XXXX..",
    "bus": "XXXXXXXX XwwXwwXw XwwXwwXw XXXXXXXX XXXXXXXX XXXXXXXX .kk..kk. .kk..kk.",
}
GARMENTS = {
    "coat": "..X..X.. .XXXXXX. XXXkXXXX XXXkXXXX XXXkXXXX ..XkXX.. ..XkXX.. ..XkXX..",
    "dress": "..X..X.. ..XXXX.. ...XX... ...XX... ..XXXX.. .XXXXXX. XXXXXXXX XXXXXXXX",
    "hat": "........ ........ ..XXXX.. ..XXXX.. ..XXXX.. ..kkkk.. XXXXXXXX ........",
}
FURNITURE = {
    "table": "........ ........ XXXXXXXX XXXXXXXX .X....X. .X....X. .X....X. .X....X.",
    "chair": "X....... X....... X....... X....... XXXXXX.. XXXXXX.. X....X.. X....X..",
    "bed": "o....... o....... oww....o owwXXXXo oXXXXXXo oXXXXXXo oooooooo o......o",
}
TOOLS = {
    "bag": "........ ..kkkk.. ..k..k.. XXXXXXXX XXXkkXXX XXXXXXXX XXXXXXXX ........",
    "umbrella": "...kk... .XXXXXX. XXXXXXXX X.XkkX.X ...k.... ...k.... ...k.k.. ....k...",
    "ball": "........ ..XXXX.. .XXXXXX. XXwXXXXX XXXXXXXX XXXXXXXX .XXXXXX. ..XXXX..",
}
PLACES = {
    "church": "...k.... ..kkk... ...k.... ..eee... ..eeekkk eeeeewww eeoeewww eeoeewww",
    "museum": "...ee... ..eeee.. .eeeeee. eeeeeeee .w.ww.w. .w.ww.w. .w.ww.w. eeeeeeee",
    "factory": ".e.e.... .e.e.... .o.o.... .o.o.oo. ooooooo. oyoyoyoo oooooooo oooooooo",
    "tree": "..gggg.. .gggggg. gggggggg gggggggg .gggggg. ...oo... ...oo... ..oooo..",
}
THINGS = VEHICLES | GARMENTS | FURNITURE | TOOLS
NOUNS = PEOPLE | ANIMALS | THINGS | PLACES
DOINGS = {
    "wash": ".... .u.. uuu. uuu. .u.u ..uu ..uu ....",
    "paint": "...r ..rr ..r. .o.. .o.. o... o... ....",
    "find": ".yy. y..y y..y .yy. ..kk ...k .... ....",
    "buy": ".... .yy. yyky ykyy yyky ykyy .yy. ....",
    "see": ".... .... .kk. kwwk kuuk .kk. .... ....",
    "follow": ".... .p.. ..p. pppp pppp ..p. .p.. ....",
    "repair": "e..e e..e eeee .ee. .ee. .ee. .ee. ....",
    "carry": ".... .gg. gggg ..g. ..g. .gg. .gg. ....",
}


@functools.cache
def drawn(letters: str, colour: str = "") -> tuple[UInt8[np.ndarray, "Y X 3"], Bool[np.ndarray, "Y X"]]:
    """(its pixels [Y X 3], where it is seen [Y X]) of a drawing, in a colour by its English word."""
    rows = letters.split()
    palette = COLOURS | {"X": COLOURS[SAID.get(colour, PLAIN)], ".": (0, 0, 0)}
    pixels = np.array([[palette[letter] for letter in row] for row in rows], np.uint8)
    return pixels, np.array([[letter != "." for letter in row] for row in rows])
