"""Pictures with captions: of the generated world, and photographs."""
