"""The push: the repository, the push role and its policy, the image that was pushed, and what is shown of them."""
