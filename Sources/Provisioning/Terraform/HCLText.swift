// SPDX-License-Identifier: Apache-2.0

import Basics

/// Text as Terraform reads and shows it between quotes (HCL Native Syntax, "Template Expressions").
enum HCLText {
    static func quoted(_ text: String) -> String {
        "\"" + escaped(text) + "\""
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "{":
                // A doubled sign says that no template begins here.
                if let sign = escaped.last, sign == "$" || sign == "%" { escaped.append(sign) }
                escaped += "{"
            case _ where scalar.value < 0x20: escaped += JSON.escaped(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
