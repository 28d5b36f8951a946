"""How the suite compiles, and how a test says that it compiles as users do."""

import jax

# jax 0.12 does without this flag, and dies of a flag that it does not know.
HAS_EMITTERS = jax.__version_info__ < (0, 11)

# Most of the time is compilation, of programs that run once: LLVM is not to optimise them, nor to divide
# one among threads while another worker waits for the processor: a fifth of the contract tests' time. Without
# the fusion emitters a program, however small, costs 30 ms less.
FLAGS = ["--xla_backend_optimization_level=0", "--xla_cpu_parallel_codegen_split_count=1"]
FLAGS += ["--xla_cpu_use_fusion_emitters=false"] * HAS_EMITTERS

# compiler_options of jax.jit where a tolerance was measured with the emitters.
EMITTERS = {"xla_cpu_use_fusion_emitters": True} if HAS_EMITTERS else {}
