"""What the registry keeps: layers by digest, images, repositories, tokens."""
