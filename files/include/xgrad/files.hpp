#pragma once

// Reading and writing of files: tensors and states by name.
