"""Review of written equations: lines of LaTeX or of code, judged in worlds of the same network with other sizes and numbers."""
