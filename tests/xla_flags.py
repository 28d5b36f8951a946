"""How the suite compiles, and how a test says that it compiles as users do."""

import jax

# jax 0.12 does without this flag, and dies of a flag that it does not know.
HAS_EMITTERS = jax.__version_info__ < (0, 11)

# Most of the suite's time is compilation, of programs that run once: LLVM is not to optimise them. A program,
# however small, costs 30 ms less of a processor without the fusion emitters.
FLAGS = ["--xla_backend_optimization_level=0"] + ["--xla_cpu_use_fusion_emitters=false"] * HAS_EMITTERS

# compiler_options of jax.jit where a tolerance was measured with the emitters.
EMITTERS = {"xla_cpu_use_fusion_emitters": True} if HAS_EMITTERS else {}
