// Nothing: the program whose precompiled headers all tests share (cmake/FirnTargets.cmake).

int main() { return 0; }
