"""Maximum entropy under moments of a representation: by Lagrange multipliers and chains, or by descent from noise."""
