"""The machinery of the course: stages found by their folders, the bench, checks, hints, progress, undoing.

``stage.stages`` finds the stages, ``bench.open_bench`` makes what a stage works with, ``runner`` begins, checks,
solves and resets one. Names no stage: what is true of one stage only stands in its folder, what several share in
``labs.subjects``.
"""
