"""Reads the index that the compiler writes beside a debug build: every symbol, where it is defined, and who refers to it.
It is the data that editors use; libIndexStore of the toolchain reads it."""
import ctypes, shutil
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_bool, c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p
from functools import cached_property
from pathlib import Path

# indexstore_symbol_role_t
DEFINITION, REFERENCE, READ, WRITE, IMPLICIT = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 8
CHILD, BASE, OVERRIDE, CALLED, EXTENDED, ACCESSOR, CONTAINED = 1 << 9, 1 << 10, 1 << 11, 1 << 13, 1 << 14, 1 << 15, 1 << 16
# indexstore_symbol_kind_t, and one of indexstore_symbol_subkind_t.
KINDS = {5: "enum", 6: "struct", 7: "class", 8: "protocol", 11: "typealias", 12: "func", 13: "var", 15: "case", 16: "func",
         17: "func", 18: "static func", 19: "var", 20: "class var", 21: "static var", 22: "init"}
GENERIC_PARAMETER = 1013


class Text(Structure):
    _fields_ = [("data", c_void_p), ("length", c_size_t)]

    def __str__(self):
        return ctypes.string_at(self.data, self.length).decode() if self.length else ""


class Symbol:
    def __init__(self, usr, name, kind, subkind):
        self.usr, self.name, self.subkind = usr, name, subkind
        # A generic parameter is indexed as if it were a type alias.
        self.kind = None if subkind == GENERIC_PARAMETER else KINDS.get(kind)


class Occurrence:
    """A symbol at a place: `roles` say as what, `relations` (symbol, roles) to whom it belongs there."""

    def __init__(self, path, line, symbol, roles, relations):
        self.path, self.line, self.symbol, self.roles, self.relations = path, line, symbol, roles, relations


class Library:
    """libIndexStore, as far as it is needed here."""
    PIECES = CFUNCTYPE(c_bool, c_void_p, c_void_p)
    NAMES = CFUNCTYPE(c_bool, c_void_p, Text)
    FUNCTIONS = {
        "store_create": (c_void_p, c_char_p, c_void_p), "store_dispose": (None, c_void_p),
        "store_units_apply_f": (c_bool, c_void_p, c_uint, c_void_p, NAMES),
        "unit_reader_create": (c_void_p, c_void_p, c_char_p, c_void_p), "unit_reader_dispose": (None, c_void_p),
        "unit_reader_get_main_file": (Text, c_void_p),
        "unit_reader_dependencies_apply_f": (c_bool, c_void_p, c_void_p, PIECES),
        "unit_dependency_get_kind": (c_int, c_void_p), "unit_dependency_get_name": (Text, c_void_p),
        "unit_dependency_get_filepath": (Text, c_void_p),
        "record_reader_create": (c_void_p, c_void_p, c_char_p, c_void_p), "record_reader_dispose": (None, c_void_p),
        "record_reader_occurrences_apply_f": (c_bool, c_void_p, c_void_p, PIECES),
        "occurrence_get_symbol": (c_void_p, c_void_p), "occurrence_get_roles": (c_uint64, c_void_p),
        "occurrence_get_line_col": (None, c_void_p, POINTER(c_uint), POINTER(c_uint)),
        "occurrence_relations_apply_f": (c_bool, c_void_p, c_void_p, PIECES),
        "symbol_relation_get_symbol": (c_void_p, c_void_p), "symbol_relation_get_roles": (c_uint64, c_void_p),
        "symbol_get_kind": (c_int, c_void_p), "symbol_get_subkind": (c_int, c_void_p), "symbol_get_name": (Text, c_void_p),
        "symbol_get_usr": (Text, c_void_p),
    }
    RECORD = 2  # indexstore_unit_dependency_kind_t

    def __init__(self):
        library = ctypes.CDLL(str(Path(shutil.which("swiftc")).resolve().parent.parent / "lib/libIndexStore.so"))
        for name, (result, *arguments) in self.FUNCTIONS.items():
            function = getattr(library, f"indexstore_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)


class Index:
    """The index in a folder, of the Swift files below `root`."""

    def __init__(self, folder, root):
        self.library, self.root = Library(), f"{root}/"
        self.store = self.library.store_create(str(folder).encode(), None)
        if not self.store:
            raise SystemExit(f"check: {folder} cannot be read: build first (swift build --build-tests)")

    @cached_property
    def records(self):
        """The path and the record of each file that is still there. A file has a unit for each way it was built."""
        # What a callback is given is gone when it returns.
        library, found, names = self.library, set(), []
        library.store_units_apply_f(self.store, 0, None, library.NAMES(lambda _, name: names.append(str(name)) or True))
        for name in names:
            unit = library.unit_reader_create(self.store, name.encode(), None)
            main = str(library.unit_reader_get_main_file(unit))

            @library.PIECES
            def keep(_, one):
                if library.unit_dependency_get_kind(one) == library.RECORD \
                        and str(library.unit_dependency_get_filepath(one)) == main:
                    found.add((main.removeprefix(self.root), str(library.unit_dependency_get_name(one))))
                return True

            if main.startswith(self.root) and main.endswith(".swift") and "/.build" not in main and Path(main).exists():
                library.unit_reader_dependencies_apply_f(unit, None, keep)
            library.unit_reader_dispose(unit)
        return sorted(found)

    def occurrences(self):
        for path, record in self.records:
            yield from self._occurrences(path, record)

    def _occurrences(self, path, record):
        library, found, symbols = self.library, [], {}
        line, column = c_uint(), c_uint()
        reader = library.record_reader_create(self.store, record.encode(), None)
        if not reader:
            return

        def symbol(of):
            if of not in symbols:
                symbols[of] = Symbol(str(library.symbol_get_usr(of)), str(library.symbol_get_name(of)),
                                     library.symbol_get_kind(of), library.symbol_get_subkind(of))
            return symbols[of]

        relations = []

        @library.PIECES
        def relate(_, relation):
            relations.append((symbol(library.symbol_relation_get_symbol(relation)),
                              library.symbol_relation_get_roles(relation)))
            return True

        @library.PIECES
        def keep(_, occurrence):
            relations.clear()
            library.occurrence_relations_apply_f(occurrence, None, relate)
            library.occurrence_get_line_col(occurrence, byref(line), byref(column))
            found.append(Occurrence(path, line.value, symbol(library.occurrence_get_symbol(occurrence)),
                                    library.occurrence_get_roles(occurrence), tuple(relations)))
            return True

        library.record_reader_occurrences_apply_f(reader, None, keep)
        library.record_reader_dispose(reader)
        return found
