"""The parts of docs/ that are generated from the product, so that they cannot differ from it.

A page of docs/ is written by hand and may hold blocks::

    <!-- generated: texts ecs_stops role eni -->
    ...
    <!-- end -->

What stands between the two lines is written by ``labs docs build`` and compared by ``labs docs check``. ``texts`` is
the block's name in ``registry.BLOCKS``, the other words are handed to its function, which returns the text. A new kind
of block is one function and one line there.
"""

from labs.pages.page import Page, pages

__all__ = ["Page", "pages"]
