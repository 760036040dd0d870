import './header.css';
import './tree.css';
