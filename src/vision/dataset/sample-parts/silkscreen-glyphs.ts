// Letters of 3 x 5 squares for the print on boards.

const drawing = `
A .#. #.# ### #.# #.#
B ##. #.# ##. #.# ##.
C .## #.. #.. #.. .##
D ##. #.# #.# #.# ##.
E ### #.. ##. #.. ###
I ### .#. .#. .#. ###
J ..# ..# ..# #.# .#.
K #.# #.# ##. #.# #.#
L #.. #.. #.. #.. ###
M #.# ### ### #.# #.#
O .#. #.# #.# #.# .#.
P ##. #.# ##. #.. #..
R ##. #.# ##. #.# #.#
U #.# #.# #.# #.# ###
V #.# #.# #.# #.# .#.
Y #.# #.# .#. .#. .#.
0 ### #.# #.# #.# ###
1 .#. ##. .#. .#. ###
2 ##. ..# .#. #.. ###
3 ##. ..# .#. ..# ##.
4 #.# #.# ### ..# ..#
5 ### #.. ##. ..# ##.
6 .## #.. ### #.# ###
7 ### ..# .#. .#. .#.
8 ### #.# ### #.# ###
9 ### #.# ### ..# ##.
`;

/** Five rows of three squares each, '#' where there is ink. */
export const glyphs: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  drawing
    .trim()
    .split('\n')
    .map((row) => [row[0]!, row.slice(2).split(' ')]),
);
