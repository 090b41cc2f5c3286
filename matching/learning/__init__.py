"""Learning from decisions, guarded: nothing here touches a suggestion, and only `training` proposes a model."""
