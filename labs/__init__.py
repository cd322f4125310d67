"""The Fargate Lab Kit. A notebook needs one line: ``from labs import lab``."""
