#!/usr/bin/env python3
"""The checkers can fail: each rule finds what it forbids, and lets pass what it allows."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import check_docs  # noqa: E402
import check_headers  # noqa: E402
import check_layers  # noqa: E402
import check_tidy  # noqa: E402
import lint_source  # noqa: E402


class TreeTest(unittest.TestCase):
    """A small tree of its own for every test."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.root = pathlib.Path(self._folder.name)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def messages(self, checker, path, text):
        self.write(path, text)
        return [str(finding) for finding in checker.check(self.root)]

    def assert_finds(self, checker, path, text, expected):
        found = self.messages(checker, path, text)
        self.assertTrue(any(expected in message for message in found), found)

    def assert_clean(self, checker, path, text):
        self.assertEqual(self.messages(checker, path, text), [])


class Layers(TreeTest):
    def test_an_include_upwards_names_file_line_and_both_layers(self):
        self.assert_finds(
            check_layers, "src/table/filter.cc", '\n#include "version/version.h"\n',
            "src/table/filter.cc:2: table (3) may not include version (4)")

    def test_siblings_do_not_know_each_other(self):
        self.assert_finds(check_layers, "src/wal/a.h", '#include "memtable/memtable.h"\n',
                          "sibling memtable (3)")

    def test_an_include_downwards_passes(self):
        self.assert_clean(check_layers, "src/db/a.h", '#include "table/table_reader.h"\n')

    def test_the_engine_may_not_include_the_simulation_but_its_tests_may(self):
        include = '#include "sim/memory_file_system.h"\n'
        self.assert_clean(check_layers, "src/wal/a_test.cc", include)
        self.assert_finds(check_layers, "src/wal/a.cc", include, "test-only")

    def test_fixtures_are_tests_but_no_source_may_include_them(self):
        self.assert_clean(check_layers, "src/table/table_fixture.h",
                          '#include "sim/memory_file_system.h"\n')
        include = '#include "table/table_fixture.h"\n'
        self.assert_clean(check_layers, "src/table/a_test.cc", include)
        self.assert_finds(check_layers, "src/table/a.cc", include, "test-only")

    def test_contract_suites_run_against_the_simulation_too(self):
        include = '#include "testing/file_system_contract.h"\n'
        self.assert_clean(check_layers, "src/sim/a_test.cc", include)
        self.assert_finds(check_layers, "src/sim/a.cc", include, "testing (test-only)")

    def test_a_public_header_stays_public(self):
        self.assert_finds(check_layers, "include/firn/a.h", '#include "base/types.h"\n', "public")

    def test_the_engine_interface_is_above_the_layers_below_it(self):
        self.assert_finds(check_layers, "src/table/a.cc", '#include "firn/db.h"\n', "db (6)")

    def test_an_unknown_folder_is_found(self):
        self.assert_finds(check_layers, "src/misc/a.h", '#include "base/types.h"\n', "no layer")

    def test_a_commented_include_is_none(self):
        self.assert_clean(check_layers, "src/base/a.h", '// #include "db/engine.h"\n')


class World(TreeTest):
    def test_the_world_is_found_outside_env(self):
        for code in ("std::mutex m;", "std::jthread t;",
                     "auto t = std::chrono::steady_clock::now();", "int f = open(path, 0);",
                     "::fsync(fd);", "return read(fd, p, n);",
                     "if (mmap(a, b) == c) return;", "std::random_device device;",
                     "x = std::getenv(name);", "int x = rand();", "#include <unistd.h>\n",
                     "#include <sys/mman.h>\n", "pthread_self();"):
            with self.subTest(code):
                self.assert_finds(check_layers, "src/wal/a.cc", f"{code}\n", "src/wal/a.cc:1")

    def test_env_may_touch_it(self):
        self.assert_clean(check_layers, "src/env/a.cc",
                          "#include <fcntl.h>\nint f = ::open(p, 0);\n")

    def test_members_declarations_and_comments_are_not_calls(self):
        self.assert_clean(
            check_layers, "src/wal/a.cc",
            "bool open() const;\nfile.write(x);\nfile->read(x);\nWal::close();\n"
            "// calls fsync(fd)\nconst char* s = \"open(\";\n")

    def test_tests_start_threads_but_do_not_wait(self):
        self.assert_clean(check_layers, "src/wal/a_test.cc", "std::thread t;\n")
        self.assert_finds(check_layers, "src/wal/a_test.cc", "sleep_for(x);\n", "clock")

    def test_an_allowance_that_is_not_needed_is_found(self):
        self.assert_finds(check_layers, "src/base/mutex.h", "int x;\n", "no more")


class Tidy(TreeTest):
    def assert_found(self, code, expected, path="src/base/a.h"):
        self.assert_finds(check_tidy, path, code, expected)

    def test_sizes(self):
        self.assert_found("int x;\n" * 501, "501 lines")
        self.assert_found("// " + "x" * 98 + "\n", "101 columns")
        self.assert_found("int x; \n", "blanks")
        self.assert_clean(check_tidy, "src/base/a.h", "int x;\n" * 500)

    def test_a_long_function_is_named_wherever_it_stands(self):
        body = "  x = 1;\n" * 70
        for head in ("void Long() {", "Long::Long(int a)\n    : a_(a) {", "auto Long() -> int {",
                     "bool Long() const override {", "template <typename T>\nvoid Long(T t) {"):
            with self.subTest(head):
                self.assert_found(f"namespace firn {{\n{head}\n{body}}}\n}}\n", "Long")
        self.assert_found(f"class A {{\n public:\n  void Long() {{\n{body}  }}\n}};\n", "Long")
        self.assert_found(f"TEST(Suite, IsLong) {{\n{body}}}\n", "Suite,IsLong",
                          "src/base/a_test.cc")

    def test_a_seeded_bug_is_only_asked_for_and_only_in_the_engine(self):
        self.assert_found("if (BugIsOn(SeededBug::kA)) return b == SeededBug::kC;\n",
                          "only as the argument")
        self.assert_clean(check_tidy, "src/base/a.h", "bool x = BugIsOn(SeededBug::kA);\n")
        self.assert_found("bool x = BugIsOn(bug);\n", "the engine's", "tests/model/a.h")

    def test_short_functions_in_a_long_class_pass(self):
        functions = "  int F() {\n    if (x) {\n    }\n    return 1;\n  }\n" * 40
        self.assert_clean(check_tidy, "src/base/a.h", f"class A {{\n{functions}}};\n")

    def test_a_long_table_is_no_function(self):
        self.assert_clean(check_tidy, "src/base/a.h", "int t[] = {\n" + "  F(1),\n" * 90 + "};\n")

    def test_banned_code(self):
        for code in ("auto* p = new Foo(1);", "new (memory) Foo;", "delete p;", "delete[] p;",
                     "throw x;", "try {}", "std::cout << std::endl;", "volatile int x;",
                     "atomic_thread_fence(x);", "std::atomic<std::shared_ptr<T>> p;"):
            with self.subTest(code):
                self.assert_found(f"{code}\n", "src/base/a.h:1")

    def test_deleted_members_comments_and_literals_pass(self):
        self.assert_clean(check_tidy, "src/base/a.h",
                          "A(const A&) = delete;\n// a new throw\nauto s = \"new delete\";\n")

    def test_banned_words(self):
        for word in ("FIX" "ME", "TO" "DO: later", "an age" "nt", "this ses" "sion", "iss" "ue #1",
                     "see /wo" "rk/x", "/tm" "p/build"):
            with self.subTest(word):
                self.assert_found(f"# {word}\n", "notes.md:1", "notes.md")

    def test_inputs_of_fuzzers_are_no_text(self):
        self.assert_clean(check_tidy, "tests/fuzz/corpus/current/0123456789ab", "x" * 200)

    def test_a_source_has_a_test_and_its_header_first(self):
        self.assert_found("int x;\n", "no src/base/a_test.cc", "src/base/a.cc")
        self.write("src/base/a_test.cc", "\n")
        self.write("src/base/a.h", "\n")
        self.assert_found("#include <vector>\n#include \"base/a.h\"\n", "not first",
                          "src/base/a.cc")
        self.write("src/base/a_test.cc", "#include \"base/a.h\"\n")
        self.assert_clean(check_tidy, "src/base/a.cc", "#include \"base/a.h\"\n")


class Docs(TreeTest):
    def setUp(self):
        super().setUp()
        self.write("docs/decisions/README.md", f"# D\n{check_docs.INDEX_START}\n")
        self.write("docs/format.md", "# Format\n## Log record\n")

    def test_dead_links_and_sections(self):
        for text in ("[a](missing.md)", "[a](docs/format.md#no-such)", "`src/no/such.h`"):
            with self.subTest(text):
                self.assert_finds(check_docs, "notes.md", text, "notes.md:1")
        self.assert_clean(check_docs, "notes.md", "[a](docs/format.md#log-record)\n")

    def test_comments_point_to_sections_that_exist_across_lines(self):
        self.assert_clean(check_docs, "src/wal/a.h", "// See docs/format.md, \"Log\n// record\".\n")
        self.assert_finds(check_docs, "src/wal/a.h", "// docs/format.md, \"Batch\"\n", "Batch")
        self.assert_finds(check_docs, "src/wal/a.h", "int x;  // docs/none.md\n", "docs/none.md")

    def test_a_rule_that_a_comment_names_is_stated(self):
        self.write("docs/rules.md", "# Rules\n`B1` is elsewhere.\n\n| W3 | salt |\n")
        self.assert_clean(check_docs, "src/wal/a.h", "// Salted (rule W3, rules B1,\n// W3).\n")
        self.assert_finds(check_docs, "src/wal/a.h", "// (rules W3 and W4)\n", "no rule W4")

    def test_the_index_of_decisions(self):
        self.assert_finds(check_docs, "docs/decisions/0001-a.md", "# 0001: A\n", "write-index")
        check_docs.write_index(self.root)
        self.assertEqual(check_docs.check(self.root), [])

    def test_the_readme_example_is_the_file(self):
        self.write("examples/quickstart.cc", "int main() {}\n")
        self.assert_clean(check_docs, "README.md", "```cpp\nint main() {}\n```\n")
        self.assert_finds(check_docs, "README.md", "```cpp\nint main() { }\n```\n", "word for word")

    def test_a_benchmark_that_a_table_names_is_there(self):
        self.write("bench/a_bench.cc", "BENCHMARK(Get);\n  BENCHMARK(Put<Table>)->Arg(1);\n")
        self.assert_clean(check_docs, "docs/performance.md", "| get | `a_bench` `Get`, `Put` |\n")
        for row, expected in (("| x | `a_bench` `Gets` |", "no benchmark Gets"),
                              ("| x | `b_bench` `Get` |", "bench/b_bench.cc")):
            with self.subTest(row):
                self.assert_finds(check_docs, "docs/performance.md", row, expected)


class Headers(TreeTest):
    def test_a_header_that_needs_another_is_found(self):
        self.write("include/firn/a.h", "#pragma once\nstd::string x();\n")
        self.assertEqual(check_headers.main(self.root / "include", ["g++"]), 1)

    def test_a_missing_compiler_is_a_failure(self):
        self.write("include/firn/a.h", "#pragma once\n")
        self.assertEqual(check_headers.main(self.root / "include", ["no-such-compiler"]), 1)
        self.assertEqual(check_headers.main(self.root / "include", ["g++"]), 0)


class Source(unittest.TestCase):
    def test_stripping_keeps_lines_and_columns(self):
        text = 'int a = 1\'000; // c\nauto s = R"(x\n")"; char c = \'"\'; /* b\n */ int d;\n'
        stripped = lint_source.strip(text)
        self.assertEqual([len(line) for line in text.split("\n")],
                         [len(line) for line in stripped.split("\n")])
        self.assertIn("1'000", stripped)
        self.assertIn("int d;", stripped)
        self.assertNotIn("b", stripped.replace("b\n", ""))

    def test_the_programs_exit_with_one_on_a_finding(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "src/wal/a.cc")
            path.parent.mkdir(parents=True)
            path.write_text('#include "db/engine.h"\nauto p = new int;\n// docs/none.md\n')
            for tool in ("check_layers", "check_tidy", "check_docs"):
                done = subprocess.run([sys.executable, TOOLS / f"{tool}.py", folder],
                                      stdout=subprocess.PIPE, text=True, check=False)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("a.cc", done.stdout)


if __name__ == "__main__":
    unittest.main()
