"""What a trainee sees of the course as a whole: where they are, what is true, what comes next, and what they did.

``report`` tells what failed, what fixed it, and how long it took, for the trainee and whoever they hand it to.
"""
