"""Which checkpoints the kit wrote before it declared revisions: those of one known code, told by its digest.

A head of that time holds ``made_by``: a digest of Python's version, moto's (5.2.5) and every byte of the kit's patches.
The digests below are of the last code that wrote such heads, whose objects are those of revision 1; any other digest
is other code. They are for released versions of Python, in order; 16 of 64 letters each.
"""

import sys

_MOTO = "5.2.5"
_MADE_BY = {
    (3, 11): """
        114d863659c21b21 0fe184dfcd43de90 7ee9a42598f9658a 72b6d71036f2af0e 41f954c9d6fdb9c3 2f94db9390c32578
        45d9b98ab8fdff9c 4b10b863dd75f399 feb3cc5ea62f1371 f3a70200356e9bcb 8d8afba00fccaa37 27ab6f4728db6e53
        b2fc903f8034cc59 25aa08be27deb4c8 f10b9a0044056841 e265052e47c8d1fd
    """,
    (3, 12): """
        04850a4672ee914b 9452799c41ec62c2 b28578f04e8a8d89 d405690fb231436a 5cd8cd34cd59e58c 9b6a07a13a4b3619
        497632b51804ea1e 1867abd9598138ae f2bc2f0e586d4522 af9d31eb2166d1b3 ba2b5fe48f0a0667 cf90990351aa63c5
        40c380d020c6d7be f7b52cbdae6b0329
    """,
    (3, 13): """
        39e51e7a878987d7 7749b3638868c27e d6d9810f54968faf 743bdd62c23c5a26 83eb4334fd86ede6 2b83793095c4b44a
        33c3d2b3dea5b069 b839a64db806ac98 069ed2976059293e 816b7d183d909e57 2d84408f661e8dd1 35833db79cc1231f
        df8332304fbbef02 2c167a287b98c623
    """,
    (3, 14): """
        ae917c21e5a60047 672021e35596b12a d422419cded83d47 ef6ae3dfd9eb5a6c 15d8151fc8d524c5 dc36f9ca6f4bf86f
        0dc06781ffd69de9
    """,
}


def is_known(made_by: str, moto: str) -> bool:
    """Whether the digest is that of the last code before revisions, under this Python and this moto."""
    digests = _MADE_BY.get(sys.version_info[:2], "").split()
    if moto != _MOTO or sys.version_info.releaselevel != "final" or sys.version_info.micro >= len(digests):
        return False
    return made_by[:16] == digests[sys.version_info.micro]
