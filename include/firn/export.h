// What the shared library shows. It is built with hidden visibility: only what carries FIRN_EXPORT
// can be linked against, so the engine's inside is nobody's interface by accident.
#pragma once

#define FIRN_EXPORT [[gnu::visibility("default")]]
