"""What ECS keeps."""
