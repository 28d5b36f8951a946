"""What notebooks show in their cells: claims, tables, and runs of the reader's or tiny ones."""

import warnings

# tqdm, which tokenizers bring along, asks for widgets once it is imported in Jupyter; nothing here draws any.
warnings.filterwarnings("ignore", "IProgress not found")
