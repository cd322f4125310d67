"""Stage 06: a GitHub Actions workflow pushes with OIDC and deploys by digest."""
